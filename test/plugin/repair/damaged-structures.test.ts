import { expect } from "chai";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { background, openStorage, StorageError, type StorageSettings } from "../../../src/index.js";

const ctx = background();

const KEYS = ["hash", "list", "pairs", "plain", "ranks", "rest"];
const others = (lost: string) => KEYS.filter((key) => key !== lost);

describe("verify with repair, of structures in a damaged file", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-repair-"));
    path = join(folder, "store.json");
    await using storage = await openStorage(settings());
    await storage.list("list").rpush(ctx, "one", "two", "three");
    await storage.list("pairs").rpush(ctx, [0, "a"], [1, "b"]);
    await storage.hash("hash").hset(ctx, { f: "four", g: "five" });
    await storage.hash("rest").hset(ctx, { f: "six", g: "seven" });
    await storage.hash("rest").hdel(ctx, "f");
    // Of this one only the keys of its items show that it is no hash.
    await storage.list("ranks").rpush(ctx, 0, 0, [0, "a"], [1, "b"]);
    await storage.list("ranks").lpop(ctx);
    await storage.list("ranks").lpop(ctx);
    await storage.set(ctx, "plain", 1);
    await storage.compact(ctx);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const settings = (more: object = {}): StorageSettings => ({ backend: "file", file: { path, ...more } });

  /** Changes the line of the snapshot in which a text stands. */
  async function damage(mark: string | RegExp, from: string | RegExp, to: string): Promise<void> {
    const lines = (await readFile(path, "utf8")).split("\n");
    const at = lines.findIndex((line) => line.search(mark) !== -1);
    const line = lines[at] ?? "";
    lines[at] = line.replace(from, to);
    expect(lines[at]).not.to.equal(line);
    await writeFile(path, lines.join("\n"));
  }

  async function salvaged(): Promise<readonly string[]> {
    await using damaged = await openStorage(settings({ salvage: true }));
    await using into = await openStorage({ backend: "memory" });
    const { ok, repair } = await damaged.verify(ctx, { repair: { into } });
    expect(ok).to.equal(false);
    const whole = await into.verify(ctx);
    expect(whole).to.include({ ok: true, orphans: 0 });
    const keys = await into.keys(ctx);
    expect(repair?.salvaged).to.equal(keys.length);
    expect((repair?.salvaged ?? 0) + (repair?.lostParts ?? 0)).to.equal(6);
    if (keys.includes("list")) expect(await into.list("list").lrange(ctx, 0, -1)).to.have.length(3);
    if (keys.includes("hash")) expect(await into.hash("hash").hgetall(ctx)).to.have.property("size", 2);
    return [...keys].sort();
  }

  it("does not open without the option", async () => {
    await damage("four", "four", "faur");
    const error = await openStorage(settings()).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(StorageError).with.property("code", 5003);
  });

  it("refuses to be written to when opened for salvaging", async () => {
    await using storage = await openStorage(settings({ salvage: true }));
    expect(await storage.get(ctx, "plain")).to.equal(1);
    const error = await storage.set(ctx, "plain", 2).catch((caught: unknown) => caught);
    expect(error).to.have.property("reason", "read-only");
  });

  it("loses a hash with the value of one of its fields", async () => {
    await damage("four", "four", "faur");
    expect(await salvaged()).to.deep.equal(others("hash"));
  });

  it("loses a list with the key of one of its items, which nobody knows then", async () => {
    await damage('"two"', "\\u0000i", "\\u0000 ");
    expect(await salvaged()).to.deep.equal(others("list"));
  });

  it("loses a list with a line of which nothing can be read", async () => {
    await damage('"three"', '["', '{"');
    expect(await salvaged()).to.deep.equal(others("list"));
  });

  it("loses a structure whose head is damaged, without leaving its items", async () => {
    await damage('^\\["","hash"', "[2,2]", "[2,3]");
    expect(await salvaged()).to.deep.equal(others("hash"));
  });

  it("loses a structure whose items are not found under the incarnation that its head names", async () => {
    await damage(/^\["","list"/, /null,"(.)/, 'null,"_');
    expect(await salvaged()).to.deep.equal(others("list"));
  });

  it("loses a structure whose type is another's", async () => {
    await damage(/^\["","list"/, ",2,1,0,", ",3,1,0,");
    await damage(/^\["","hash"/, ",3,1,0,", ",2,1,0,");
    await damage(/^\["","rest"/, ",3,1,0,", ",2,1,0,");
    for (const key of ["pairs", "ranks"]) await damage(new RegExp(`^\\["","${key}"`), ",2,1,0,", ",3,1,0,");
    expect(await salvaged()).to.deep.equal(["plain"]);
  });
});
