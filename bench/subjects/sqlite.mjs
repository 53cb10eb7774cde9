import { join } from "node:path";

const TABLE = "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID";
/** Above every key that begins with the prefix before it: the highest code point. */
const LAST = "\u{10FFFF}";

async function openDatabase(folder) {
  const { default: Database } = await import("libsql");
  const database = new Database(join(folder, "peer.db"));
  for (const pragma of ["journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"])
    database.pragma(pragma);
  database.exec(TABLE);
  return database;
}

function statementsOf(database) {
  const range = "FROM entries WHERE key >= ? AND key < ?";
  return {
    get: database.prepare("SELECT value FROM entries WHERE key = ?").raw(),
    set: database.prepare(
      "INSERT INTO entries VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    ),
    keys: database.prepare(`SELECT key ${range} ORDER BY key`).pluck(),
    count: database.prepare(`SELECT count(*) ${range}`).raw(),
    find: database.prepare(`SELECT key, value ${range} ORDER BY key`).raw(),
    glob: database
      .prepare("SELECT key FROM entries WHERE key >= ? AND key < ? AND key GLOB ? ORDER BY key")
      .pluck(),
  };
}

function rangeOf(pattern) {
  const prefix = pattern.slice(0, pattern.indexOf("*"));
  return [prefix, prefix + LAST];
}

const ownCommit = (database) => (work) => database.transaction(work).immediate();

/** One transaction for everything asked within a turn of the event loop. */
function sharedCommit(database) {
  let waiting = [];
  const commit = database.transaction((group) => group.forEach(({ work }) => work()));
  const flush = () => {
    const group = waiting;
    waiting = [];
    commit.immediate(group);
    for (const { resolve } of group) resolve();
  };
  return (work) =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ work, resolve });
    });
}

const open =
  (committer) =>
  async ({ folder }) => {
    const database = await openDatabase(folder);
    const statements = statementsOf(database);
    const inTransaction = committer(database);
    const get = (key) => JSON.parse(statements.get.get(key)[0]);
    const set = (key, value) => statements.set.run(key, JSON.stringify(value));
    return {
      get,
      set: committer === ownCommit ? set : (key, value) => inTransaction(() => set(key, value)),
      setMany: (entries) =>
        database.transaction(() => entries.forEach(([key, value]) => set(key, value))).immediate(),
      keys: (pattern) => statements.keys.all(...rangeOf(pattern)),
      count: (pattern) => statements.count.get(...rangeOf(pattern))[0],
      find: (pattern) =>
        statements.find.all(...rangeOf(pattern)).map(([key, value]) => [key, JSON.parse(value)]),
      infix: (pattern) => statements.glob.all(...rangeOf(pattern), pattern),
      modifyTwo: (first, second, change) =>
        inTransaction(() => {
          const [a, b] = [get(first), get(second)];
          change(a, b);
          set(first, a);
          set(second, b);
        }),
      close: () => database.close(),
    };
  };

export const subjects = {
  "sqlite FULL": { durability: "power", copies: "yes", open: open(ownCommit) },
  "sqlite FULL, shared": { durability: "power", copies: "yes", open: open(sharedCommit) },
};
