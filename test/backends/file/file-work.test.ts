import { expect } from "chai";
import type { Backend } from "../../../src/backends/backend.js";
import type { Runtime } from "../../../src/core/runtime.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { SimulatedFileSystem } from "../../../src/testing/simulated-file-system.js";
import { FOLDER, PATH, PLAIN } from "../../crash/simulated-store.js";
import { turn, turnsDuring } from "../../support/event-loop-turns.js";
import { ctx, faultFrom, get, namesIn, opened, put } from "./simulated-stores.js";

describe("file backend: long work", () => {
  const form = { ...PLAIN, sizes: { ...PLAIN.sizes, partBytes: 1e6, compactBytes: 1e9 } };
  const ENTRIES = 1000;

  /** A clock on which a slice is over whenever it is looked at: it is looked at after each piece of the work. */
  function hastening(): Runtime {
    const { timers, random, clock } = new FakeRuntime();
    let ms = 0;
    return { timers, random, clock: { wall: () => clock.wall(), monotonic: () => (ms += 10) } };
  }

  async function filled(fs: SimulatedFileSystem, runtime: Runtime): Promise<Backend> {
    const store = await opened(fs, form, runtime);
    for (let i = 0; i < ENTRIES; i++) await put(store, `key:${i}`);
    return store;
  }

  it("lets others run in between: opening after every frame and page, compacting after every 64 entries", async () => {
    const fs = new SimulatedFileSystem();
    const store = await filled(fs, hastening());
    const left = fs.afterKill();
    expect(await turnsDuring(() => opened(left, form, hastening()))).to.be.at.least(ENTRIES);
    expect(await turnsDuring(async () => store.extensions.compact?.(ctx))).to.be.at.least(ENTRIES / 64);
    const compact = fs.afterKill();
    expect(await turnsDuring(() => opened(compact, form, hastening()))).to.be.at.least(ENTRIES / 256);
  });

  it("is done in one go while its slice lasts", async () => {
    const fs = new SimulatedFileSystem();
    const store = await filled(fs, new FakeRuntime());
    const left = fs.afterKill();
    expect(await turnsDuring(() => opened(left, form, new FakeRuntime()))).to.equal(0);
    expect(await turnsDuring(async () => store.extensions.compact?.(ctx))).to.equal(0);
  });
});

describe("file backend: a write that fails where no commit waits for the disk", () => {
  for (const durability of ["process", "interval", "none"] as const) {
    it(`costs nothing that was acknowledged with ${durability}, though no snapshot can be written, and the process is killed`, async () => {
      const fs = new SimulatedFileSystem();
      const store = await opened(fs, { ...PLAIN, durability });
      for (let i = 0; i < 20; i++) await put(store, `key:${i}`);
      // Has the frames of all of them written, where that is left to the background.
      await store.extensions.flush?.(ctx);
      for (let i = 20; i < 40; i++) await put(store, `key:${i}`);
      let failures = 0;
      fs.faults = ({ kind }) => {
        if (kind === "replaceFile") return "ENOSPC";
        return kind === "write" && failures++ === 0 ? "EIO" : undefined;
      };
      const written = durability === "process" ? put(store, "later") : store.extensions.flush?.(ctx);
      expect((await faultFrom(written as Promise<void>)).reason).to.equal("io");
      const next = await opened(fs.afterKill());
      const acknowledged = durability === "process" ? 40 : 20;
      for (let i = 0; i < acknowledged; i++) expect(await get(next, `key:${i}`)).to.equal(`"key:${i}"`);
    });
  }
});

describe("file backend: what interrupted writes left", () => {
  const isLeft = (name: string) => name.includes(".next-");

  it("is removed by the next opening, which keeps what counts", async () => {
    const fs = new SimulatedFileSystem();
    const store = await opened(fs);
    await put(store, "a");
    fs.faults = ({ kind }) => (kind === "rename" ? "kill" : undefined);
    await Promise.resolve(store.extensions.compact?.(ctx)).catch(() => undefined);
    const left = fs.afterKill();
    expect(namesIn(left).filter(isLeft)).to.have.length(1);
    const next = await opened(left);
    expect(namesIn(left).filter(isLeft)).to.deep.equal([]);
    expect(await get(next, "a")).to.equal('"a"');
  });

  it("is told from files of others by its name", async () => {
    const fs = new SimulatedFileSystem();
    await opened(fs);
    const temporary = [`${PATH}.next-1-Ab_-9.1234`, `${PATH}.part-1-2.1234`];
    const others = [`${PATH}.next`, `${PATH}.notes`, `${FOLDER}/other.json.next-1-Ab_-9`];
    for (const path of [...temporary, ...others]) fs.plant(path, Buffer.from("x"));
    await opened(fs);
    const paths = new Set(fs.contents().keys());
    expect(temporary.filter((path) => paths.has(path))).to.deep.equal([]);
    expect(others.filter((path) => paths.has(path))).to.deep.equal(others);
  });
});

describe("file backend: what must not meet", () => {
  // With a backup, files would stay a while after they were replaced.
  const form = { ...PLAIN, backupCount: 0, sizes: { ...PLAIN.sizes, partBytes: 512, compactBytes: 1e9 } };

  async function withParts(fs: SimulatedFileSystem): Promise<Backend> {
    const store = await opened(fs, form);
    for (let i = 0; i < 20; i++) await put(store, `key:${i}`, JSON.stringify("x".repeat(50)));
    await store.extensions.compact?.(ctx);
    expect(namesIn(fs).filter((name) => name.includes(".part-"))).to.have.length.above(1);
    return store;
  }

  it("compacts once at a time, however many ask for it at once", async () => {
    const fs = new SimulatedFileSystem();
    const store = await withParts(fs);
    for (let round = 0; round < 4; round++) {
      await Promise.all([1, 2, 3].map(async () => store.extensions.compact?.(ctx)));
      expect((await store.extensions.verify?.(ctx))?.problems).to.deep.equal([]);
    }
    const next = await opened(fs.afterKill(), form);
    expect(await get(next, "key:19")).to.equal(JSON.stringify("x".repeat(50)));
  });

  it("checks files that no new snapshot replaces meanwhile, as after a failed write", async () => {
    const fs = new SimulatedFileSystem();
    const store = await withParts(fs);
    const before = new Set(namesIn(fs).map((name) => `${FOLDER}/${name}`));
    const read = fs.readFile.bind(fs);
    let reads = 0;
    fs.readFile = async (path) => {
      if (!before.has(path)) return read(path);
      reads += 1;
      // Long enough for a new snapshot, had it not to wait.
      if (reads > 1) for (let turns = 0; turns < 50; turns++) await turn();
      return read(path);
    };
    const verified = store.extensions.verify?.(ctx);
    while (reads === 0) await turn();
    let failures = 0;
    fs.faults = ({ kind }) => (kind === "write" && failures++ === 0 ? "EIO" : undefined);
    const refused = faultFrom(put(store, "later"));
    expect((await verified)?.problems).to.deep.equal([]);
    expect((await refused).reason).to.equal("io");
    expect(await get(store, "later")).to.equal(undefined);
    await put(store, "later");
    expect(await get(store, "later")).to.equal('"later"');
  });
});
