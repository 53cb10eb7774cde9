import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { background, openStorage, type StorageSettings } from "../../../src/index.js";
import { thrownBy } from "./backup-rig.js";

const ctx = background();
const SECRET = "what nobody else may read";

describe("a backup of an encrypted store", () => {
  let folder = "";

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-encrypted-backup-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function keyed(name: string): Promise<StorageSettings> {
    const file = join(folder, `${name}.key`);
    await writeFile(file, randomBytes(32).toString("base64"), { mode: 0o600 });
    return { backend: "memory", encryption: { active: name, keys: [{ id: name, file }] } };
  }

  async function backedUp(settings: StorageSettings): Promise<string> {
    const store = await openStorage(settings);
    await store.set(ctx, "value", { said: SECRET });
    await store.list("list").rpush(ctx, SECRET, SECRET);
    await store.namespace("other").hash("hash").hset(ctx, { field: SECRET });
    const target = join(folder, "backup");
    await store.backup(ctx, target);
    await store.stop();
    return target;
  }

  it("holds no value in the clear, and is restored with the keys", async () => {
    const settings = await keyed("k1");
    const backup = await backedUp(settings);
    for (const name of await readdir(backup)) {
      expect(await readFile(join(backup, name), "utf8"), name).not.to.contain(SECRET);
    }
    const store = await openStorage(settings);
    await store.restore(ctx, backup);
    expect(await store.get(ctx, "value")).to.deep.equal({ said: SECRET });
    expect(await store.list("list").lrange(ctx, 0, -1)).to.deep.equal([SECRET, SECRET]);
    expect(await store.namespace("other").hash("hash").hget(ctx, "field")).to.equal(SECRET);
    await store.stop();
  });

  for (const [what, target] of [
    ["another key", () => keyed("k2")],
    ["no key", async () => ({ backend: "memory" })],
  ] as const) {
    it(`is refused before anything is written by a store with ${what}`, async () => {
      const backup = await backedUp(await keyed("k1"));
      const store = await openStorage(await target());
      const error = await thrownBy(store.restore(ctx, backup));
      expect(error).to.include({ code: 5003, reason: "wrong-key" });
      expect((error as Error).message).to.include(
        '00001.ndjson" line 2: the value is encrypted with the key "k1"',
      );
      expect(await store.listNamespaces(ctx)).to.deep.equal([]);
      await store.stop();
    });
  }

  it("is restored into a plain store with the keys of the call alone", async () => {
    const { encryption } = await keyed("k1");
    const backup = await backedUp({
      backend: "memory",
      encryption: encryption as NonNullable<typeof encryption>,
    });
    await using store = await openStorage();
    await store.restore(ctx, backup, { encryption: { keys: encryption?.keys ?? [] } });
    expect(await store.get(ctx, "value")).to.deep.equal({ said: SECRET });
    expect(await store.list("list").lrange(ctx, 0, -1)).to.deep.equal([SECRET, SECRET]);
  });

  it("is no base for a store that lacks the key of its values, and could not restore it", async () => {
    const settings = await keyed("k1");
    const base = await backedUp(settings);
    await using plain = await openStorage();
    await plain.set(ctx, "mine", 1);
    const target = join(folder, "next");
    const error = await thrownBy(plain.backup(ctx, target, { base }));
    expect(error).to.include({ code: 5003, reason: "wrong-key" });
    expect((error as Error).message).to.match(
      /backup\/00001\.ndjson" line 2: the value is encrypted with the key "k1", .* or make a full backup$/,
    );
    expect(await readdir(folder)).to.have.members(["backup", "k1.key"]);

    await using keyHolder = await openStorage(settings);
    await keyHolder.set(ctx, "mine", 1);
    await keyHolder.backup(ctx, target, { base });
    await using restored = await openStorage(settings);
    await restored.restore(ctx, target);
    expect(await restored.keys(ctx)).to.deep.equal(["mine"]);
  });

  it("is taken over by a store that has both keys, and stands under its own there", async () => {
    const old = await keyed("k1");
    const backup = await backedUp(old);
    const fresh = await keyed("k2");
    const keys = [old, fresh].flatMap(({ encryption }) => encryption?.keys ?? []);
    const store = await openStorage({ backend: "memory", encryption: { active: "k2", keys } });
    await store.restore(ctx, backup);
    expect(await store.get(ctx, "value")).to.deep.equal({ said: SECRET });
    expect(await store.rekey(ctx)).to.include({ ok: true, rewritten: 0 });
    await store.stop();
  });
});
