import { expect } from "chai";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { background, defaultBackends, openStorage, type StoragePlugin } from "../../src/index.js";
import { ROOT } from "../architecture/source-tree.js";
import { MEMORY_FOLDER } from "../support/memory-folder.js";
import { equivalentsOf, findName, holdingTests } from "./equivalents.js";

/** Every name that a source document gives to something, by the document. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "A storage plugin, written for Go": [
    ..."StoragePlugin Plugin Get Set Delete Exists GetBatch SetBatch DeleteBatch Find Count Keys".split(" "),
    ..."BeginTransaction ClearCache GetCacheStats CacheStats Transaction".split(" "),
    ..."Get Set Delete Commit Rollback".split(" ").map((call) => `Transaction.${call}`),
    ..."backend file_path cache_size ttl_cleanup_interval".split(" ").map((key) => `storage.${key}`),
    "storage",
    "database of storage.backend",
    ..."ErrStorageReadFailed ErrStorageWriteFailed ErrStorageCorrupted ErrStorageNotFound".split(" "),
  ],
  "An adapter of key-value stores, written for Python": [
    "KVStoreProtocol",
    ..."get set delete exists ttl keys clear_namespace list_namespaces"
      .split(" ")
      .map((call) => `KVStoreProtocol.${call}`),
    ..."MemoryKVStore DiskKVStore RedisKVStore timedelta KeyNotFoundError".split(" "),
    ..."host port db password socket_timeout".split(" ").map((option) => `RedisKVStore.${option}`),
  ],
  "A storage for agents, written for Python": [
    ..."get set delete exists keys mget mset mdelete lpush rpush lpop rpop lrange llen lindex lset lrem".split(
      " ",
    ),
    ..."hget hset hdel hgetall hkeys hexists incr decr expire ttl persist".split(" "),
    ..."save load clear close size info transaction".split(" "),
  ]
    .map((call) => `StorageBackend.${call}`)
    .concat(
      "StorageBackend JSONStorage SQLiteStorage InMemoryStorage create_storage get_serializer".split(" "),
      "JSONStorage.backup JSONStorage.compact SQLiteStorage.vacuum JSONSerializer PickleSerializer __json__".split(
        " ",
      ),
      "path auto_save save_interval compression encryption_key"
        .split(" ")
        .map((option) => `StorageConfig.${option}`),
      "serialize deserialize serialize_to_string deserialize_from_string"
        .split(" ")
        .map((call) => `Serializer.${call}`),
      "type size config file_size data_count list_count hash_count"
        .split(" ")
        .map((name) => `StorageBackend.info: ${name}`),
      ["SerializationError", "DeserializationError", "MemoryManager", "MemoryManager.add_user"],
      ["MemoryManager.add_assistant", "MemoryManager.build_history"],
      ["storage[key]", "storage[key] = value", "del storage[key]", "key in storage", "len(storage)"],
    ),
};

describe("docs/seeds.md", () => {
  let folder: string;
  let storage: StoragePlugin;

  before(async () => {
    folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-seeds-"));
    storage = await openStorage({ backend: "file", file_path: join(folder, "store.json") });
  });

  after(async () => {
    await storage.stop();
    await rm(folder, { recursive: true });
  });

  it("names every backend of the package, and database with its drivers", async () => {
    const rows = equivalentsOf("A storage plugin, written for Go");
    const saidOf = (here: string) =>
      namesIn(rows.filter((row) => row.here === here).map(({ difference }) => difference));
    expect(saidOf("storage.backend").sort()).to.deep.equal([...defaultBackends().names]);
    const drivers = saidOf("storage.driver").filter((name) => !name.startsWith("backend:"));
    expect(drivers).to.deep.equal(driversOf(await findName(storage, "storage.driver")));
    const database = await openStorage({ backend: "database" });
    expect((await database.info(background())).type).to.equal(drivers[0]);
    await database.stop();
  });

  for (const [source, names] of Object.entries(NAMES)) {
    describe(source, () => {
      const rows = equivalentsOf(source);

      it("names everything that the source document names", () => {
        expect(rows.map(({ there }) => there)).to.include.members([...names]);
      });

      for (const { there, here } of rows) {
        it(`${there} is ${here}`, async () => {
          expect(await findName(storage, here), here).not.to.equal(undefined);
        });
      }
    });
  }

  describe("Cases that hold on every store", () => {
    const rows = holdingTests();

    it("names tests for each case that is not of objects, blobs and queues", () => {
      const numbers = [...new Set(rows.map(({ number }) => number))];
      expect(numbers).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16]);
    });

    for (const { number, file, title } of rows) {
      it(`case ${number} is held by ${file}: ${title}`, () => {
        const titles = [
          ...readFileSync(join(ROOT, file), "utf8").matchAll(/\b(?:it|describe)\(\s*(["`])(.*?)\1/g),
        ];
        expect(
          titles.map(([, , text = ""]) => text).some((text) => text.endsWith(title)),
          title,
        ).to.equal(true);
      });
    }
  });
});

/** What stands in backquotes. */
function namesIn(cells: readonly string[]): string[] {
  return cells.flatMap((cell) => [...cell.matchAll(/`(.+?)`/g)].map(([, name = ""]) => name));
}

/** The names that the schema of `storage.driver` takes. */
function driversOf(schema: unknown): readonly string[] {
  const { anyOf } = schema as { readonly anyOf: readonly { readonly enum?: readonly string[] }[] };
  return anyOf.flatMap((one) => one.enum ?? []);
}
