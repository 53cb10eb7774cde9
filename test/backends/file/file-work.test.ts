import { expect } from "chai";
import type { Backend } from "../../../src/backends/backend.js";
import type { Runtime } from "../../../src/core/runtime.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { SimulatedFileSystem } from "../../../src/testing/simulated-file-system.js";
import { FOLDER, PATH, PLAIN } from "../../crash/simulated-store.js";
import { turnsDuring } from "../../support/event-loop-turns.js";
import { ctx, get, namesIn, opened, put } from "./simulated-stores.js";

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
