import assert from "node:assert/strict";
import type { ListOptions } from "../../core/listing.js";
import type { Storage, Transaction } from "../../plugin/storage.js";
import { collect, keysOf, misuses, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

/** `find`, `keys`, `count` and `scan`: patterns, pages, order; the same inside a transaction. */
export function listCases(list: StorageCaseList): void {
  list.topic("listings", () => {
    for (const [pattern, matching] of PATTERNS) patternCase(list, pattern, matching);
    for (const [title, options, expected] of PAGES) pageCase(list, title, options, expected);
    for (const pattern of BROKEN) brokenCase(list, pattern);
    misuseCases(list);
    scanCases(list);
    largeCases(list);
  });
}

const KEYS = [
  "*",
  "User:1",
  "[x]",
  "a?b",
  "lit*eral",
  "session:9:token",
  "session:9:user",
  "user",
  "user:",
  "user:1",
  "user:1:name",
  "user:2",
  "user:22",
  "user:3",
  "user:a",
  "user2:1",
  "user:😀",
  "x\\y",
] as const;

const PATTERNS: readonly [pattern: string, matching: readonly string[]][] = [
  ["*", KEYS],
  ["**", KEYS],
  ["", []],
  ["user", ["user"]],
  ["absent", []],
  ["user:*", KEYS.filter((key) => key.startsWith("user:"))],
  ["user*", KEYS.filter((key) => key.startsWith("user"))],
  ["*:name", ["user:1:name"]],
  ["session:*:token", ["session:9:token"]],
  ["user:?", ["user:1", "user:2", "user:3", "user:a", "user:😀"]],
  ["user:[12]", ["user:1", "user:2"]],
  ["user:[1-3]", ["user:1", "user:2", "user:3"]],
  ["user:[!1]", ["user:2", "user:3", "user:a", "user:😀"]],
  ["user:[^1-3]", ["user:a", "user:😀"]],
  ["user:[😀]", ["user:😀"]],
  ["[!a]*", KEYS.filter((key) => !key.startsWith("a"))],
  ["[A-Z]*", ["User:1"]],
  ["lit\\*eral", ["lit*eral"]],
  ["\\*", ["*"]],
  ["\\[x\\]", ["[x]"]],
  ["a\\?b", ["a?b"]],
  ["x\\\\y", ["x\\y"]],
  ["*1*", KEYS.filter((key) => key.includes("1"))],
  ["?", ["*"]],
  ["USER:1", []],
];

async function fill({ store, ctx }: StorageRig): Promise<void> {
  await store.setBatch(ctx, new Map(KEYS.map((key, i) => [key, i])));
}

function patternCase(list: StorageCaseList, pattern: string, matching: readonly string[]): void {
  list.it(`${JSON.stringify(pattern)} matches ${matching.length} of ${KEYS.length}`, async (rig) => {
    const { store, ctx } = rig;
    await fill(rig);
    const keys = await store.keys(ctx, pattern);
    assert.deepEqual(new Set(keys), new Set(matching));
    assert.equal(await store.count(ctx, pattern), matching.length);
    assert.deepEqual([...(await store.find(ctx, pattern)).keys()], keys);
    assert.deepEqual(await keysOf(store.scan(ctx, pattern)), keys);
    await store.transact(ctx, async (tx) => {
      assert.deepEqual(await tx.keys(pattern), keys);
      assert.equal(await tx.count(pattern), keys.length);
      assert.deepEqual([...(await tx.find(pattern)).keys()], keys);
      assert.deepEqual(await keysOf(tx.scan(pattern)), keys);
    });
  });
}

const PAGES: readonly [title: string, options: ListOptions, expected: string][] = [
  ["all", {}, "abcdefghij"],
  ["a limit", { limit: 3 }, "abc"],
  ["a limit of 0", { limit: 0 }, ""],
  ["a limit over all", { limit: 100 }, "abcdefghij"],
  ["no limit", { limit: Infinity }, "abcdefghij"],
  ["reverse", { reverse: true }, "jihgfedcba"],
  ["reverse with a limit", { reverse: true, limit: 3 }, "jih"],
  ["after a key", { after: "h" }, "ij"],
  ["after a key that is absent", { after: "hh" }, "ij"],
  ["after the last key", { after: "j" }, ""],
  ["after what stands before all", { after: "A" }, "abcdefghij"],
  ["after a key with a limit", { after: "c", limit: 2 }, "de"],
  ["after a key in reverse", { after: "c", reverse: true }, "ba"],
  ["after the first key in reverse", { after: "a", reverse: true }, ""],
  ["after what stands behind all, in reverse", { after: "z", reverse: true, limit: 1 }, "j"],
  ["after a key in reverse with a limit", { after: "g", reverse: true, limit: 2 }, "fe"],
  ["no reverse", { reverse: false, limit: 1 }, "a"],
];

function pageCase(list: StorageCaseList, title: string, options: ListOptions, expected: string): void {
  list.it(`pages with ${title}`, async ({ store, ctx }) => {
    await store.setBatch(ctx, new Map([..."jihgfedcba"].map((key) => [key, key])));
    const wanted = [...expected];
    await checkPage(
      { keys: (p) => store.keys(ctx, p, options), find: (p) => store.find(ctx, p, options) },
      wanted,
    );
    assert.deepEqual(await keysOf(store.scan(ctx, "*", options)), wanted);
    await store.transact(ctx, async (tx) => {
      await checkPage({ keys: (p) => tx.keys(p, options), find: (p) => tx.find(p, options) }, wanted);
      assert.deepEqual(await keysOf(tx.scan("*", options)), wanted);
    });
  });
}

/** With a pattern that a range scan answers, and with one that looks at every key. */
async function checkPage(
  lists: {
    keys(pattern: string): Promise<string[]>;
    find(pattern: string): Promise<Map<string, unknown>>;
  },
  wanted: readonly string[],
): Promise<void> {
  for (const pattern of ["*", "?"]) {
    assert.deepEqual(await lists.keys(pattern), wanted, pattern);
    assert.deepEqual(
      [...(await lists.find(pattern))],
      wanted.map((key) => [key, key]),
      pattern,
    );
  }
}

const BROKEN: readonly string[] = [
  "[",
  "a[b",
  "[]",
  "[!]",
  "\\",
  "a\\",
  "[a-",
  "[\\",
  "*[",
  "x".repeat(4097),
];

type Lists = readonly [operation: string, run: (pattern: string) => Promise<unknown>][];

function listsOf({ store, ctx }: StorageRig): Lists {
  return [
    ["keys", (pattern) => store.keys(ctx, pattern)],
    ["count", (pattern) => store.count(ctx, pattern)],
    ["find", (pattern) => store.find(ctx, pattern)],
    ["scan", (pattern) => collect(store.scan(ctx, pattern))],
    ["watch", async (pattern) => store.watch(ctx, pattern)[Symbol.asyncIterator]().next()],
  ];
}

function txListsOf(tx: Transaction): Lists {
  return [
    ["transaction.keys", (pattern) => tx.keys(pattern)],
    ["transaction.count", (pattern) => tx.count(pattern)],
    ["transaction.find", (pattern) => tx.find(pattern)],
    ["transaction.scan", (pattern) => collect(tx.scan(pattern))],
  ];
}

function brokenCase(list: StorageCaseList, pattern: string): void {
  const shown = pattern.length > 20 ? `a pattern of ${pattern.length} bytes` : JSON.stringify(pattern);
  list.it(`refuses ${shown}`, async (rig) => {
    const tx = await rig.store.beginTransaction(rig.ctx);
    for (const [operation, run] of [...listsOf(rig), ...txListsOf(tx)]) {
      const expected = { reason: "invalid-pattern", code: 5001, retryable: false, operation } as const;
      await rejects(() => run(pattern), expected);
    }
    await tx.commit();
  });
}

const BAD_OPTIONS: readonly [options: unknown, message: RegExp][] = [
  [{ limit: -1 }, /limit must be a whole number/],
  [{ limit: 1.5 }, /limit must be a whole number/],
  [{ limit: Number.NaN }, /limit must be a whole number/],
  [{ limit: "3" }, /limit must be a whole number/],
  [{ after: 1 }, /after must be a key/],
  [{ reverse: "yes" }, /reverse must be true or false/],
  [{ offset: 1 }, /unknown list option "offset"/],
  [5, /options must be an object/],
  [null, /options must be an object/],
];

function misuseCases(list: StorageCaseList): void {
  for (const [wrong, message] of BAD_OPTIONS) {
    list.it(`takes the options ${JSON.stringify(wrong)} for a mistake`, async ({ store, ctx }) => {
      const options = wrong as ListOptions;
      await misuses(() => store.keys(ctx, "*", options), message);
      await misuses(() => store.find(ctx, "*", options), message);
      await misuses(() => collect(store.scan(ctx, "*", options)), message);
      await store.transact(ctx, async (tx) => {
        await misuses(() => tx.keys("*", options), message);
        await misuses(() => tx.find("*", options), message);
        await misuses(() => collect(tx.scan("*", options)), message);
      });
    });
  }

  list.it("takes a pattern that is no text for a mistake", async (rig) => {
    const tx = await rig.store.beginTransaction(rig.ctx);
    for (const [, run] of [...listsOf(rig), ...txListsOf(tx)]) {
      await misuses(() => run(1 as unknown as string), /pattern must be a string/);
      await misuses(() => run(null as unknown as string), /pattern must be a string/);
    }
    await misuses(() => rig.store.find(rig.ctx, undefined as unknown as string), /pattern must be a string/);
    await tx.rollback();
  });
}

function scanCases(list: StorageCaseList): void {
  list.it("lists everything without a pattern", async (rig) => {
    const { store, ctx } = rig;
    await fill(rig);
    assert.equal((await store.keys(ctx)).length, KEYS.length);
    assert.equal(await store.count(ctx), KEYS.length);
    assert.deepEqual(await collect(store.scan(ctx)), await collect(store.entries(ctx)));
  });

  list.it("gives with a scan what getEntry gives", async (rig) => {
    const { store, ctx } = rig;
    await fill(rig);
    await store.expire(ctx, "user:1", "1h");
    for (const entry of await collect(store.scan(ctx))) {
      assert.deepEqual(entry, await store.getEntry(ctx, entry.key));
    }
  });

  list.it("resumes a scan after the last key seen", async (rig) => {
    const { store, ctx } = rig;
    await fill(rig);
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await keysOf(
        store.scan(ctx, "*", { limit: 5, ...(after === undefined ? {} : { after }) }),
      );
      if (page.length === 0) break;
      seen.push(...page);
      after = page.at(-1) as string;
    }
    assert.deepEqual(seen, await store.keys(ctx));
  });

  list.it("does nothing before the first next", async ({ store, ctx }) => {
    const scan = store.scan(ctx);
    await store.set(ctx, "late", 1);
    assert.deepEqual(await keysOf(scan), ["late"]);
  });

  list.it("can be left early", async (rig) => {
    const { store, ctx } = rig;
    await fill(rig);
    for await (const { key } of store.scan(ctx)) {
      assert.equal(key, "*");
      break;
    }
    await store.clear(ctx);
  });

  list.it("goes on while what it walks through is deleted", async ({ store, ctx }) => {
    await store.setBatch(ctx, new Map(Array.from({ length: 2000 }, (_, i) => [`key:${i}`, i])));
    let seen = 0;
    for await (const { key } of store.scan(ctx)) {
      assert.equal(await store.delete(ctx, key), true);
      seen += 1;
    }
    assert.equal(seen, 2000);
    assert.equal(await store.size(ctx), 0);
  });

  if (list.harness.persistent) {
    list.it("resumes a scan after a restart", async (rig) => {
      const { store, ctx } = rig;
      await fill(rig);
      const all = await store.keys(ctx);
      const before = await keysOf(store.scan(ctx, "*", { limit: 7 }));
      await rig.restart();
      const after = await keysOf(store.scan(ctx, "*", { after: before.at(-1) as string }));
      assert.deepEqual([...before, ...after], all);
    });
  }
}

function largeCases(list: StorageCaseList): void {
  list.it("pages through 3000 keys either way, in and outside a transaction", async ({ store, ctx }) => {
    const all = Array.from({ length: 3000 }, (_, i) => `key:${String(i).padStart(5, "0")}`);
    await store.setBatch(ctx, new Map(all.map((key, i) => [key, i])));
    assert.deepEqual(await store.keys(ctx), all);
    assert.deepEqual(await store.keys(ctx, "*", { reverse: true }), [...all].reverse());
    assert.equal(await store.count(ctx, "*7"), 300);
    assert.deepEqual(
      await store.keys(ctx, "*7", { limit: 299 }),
      all.filter((key) => key.endsWith("7")).slice(0, 299),
    );
    await store.transact(ctx, async (tx) => {
      assert.deepEqual(await tx.keys("*"), all);
      assert.deepEqual(await tx.keys("*", { reverse: true, limit: 1500 }), [...all].reverse().slice(0, 1500));
    });
  });

  list.it(
    "answers hostile patterns on long keys",
    async ({ store, ctx }: { store: Storage } & StorageRig) => {
      const key = "a".repeat(1000);
      await store.set(ctx, key, 1);
      const stars = `${"*a".repeat(500)}*b`;
      assert.equal(await store.count(ctx, stars), 0);
      assert.equal(await store.count(ctx, "*a".repeat(1000)), 1);
      assert.equal(await store.count(ctx, "?".repeat(1000)), 1);
      assert.equal(await store.count(ctx, "*".repeat(4096)), 1);
      assert.equal(await store.count(ctx, `${"[!b]*".repeat(800)}b`), 0);
    },
  );
}
