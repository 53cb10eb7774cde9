import { expect } from "chai";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { background, openStorage, type StoragePlugin, type StorageSettings } from "../../../src/index.js";
import { processLock } from "../../../src/backends/files/process-lock.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { openTapped, type Tap } from "../../support/tapped-store.js";
import { valuesOf } from "../../support/store-values.js";
import { TestKeys } from "./test-keys.js";

const ctx = background();
const HOUR = 3_600_000;

describe("scheduled backups", () => {
  let folder: string;
  let runtime: FakeRuntime;
  let store: StoragePlugin;
  let tap: Tap;
  let warnings: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-schedule-"));
    runtime = new FakeRuntime();
    tap = {};
    warnings = [];
  });

  afterEach(async () => {
    await store.stop();
    await rm(folder, { recursive: true });
  });

  async function begin(
    backup: StorageSettings["backup"] = {},
    encryption: StorageSettings["encryption"] = {},
  ): Promise<void> {
    const settings = { encryption, backup: { interval: "1h", path: join(folder, "backups"), ...backup } };
    const changes = { retain: { age: "1d" } };
    const options = { runtime, warn: (message: string) => void warnings.push(message) };
    store = (await openTapped({ backend: "memory", changes, ...settings }, tap, options)).storage;
    await runtime.advance(0);
  }

  const figure = (name: string) =>
    store.metrics().find((metric) => metric.name === `holdfast_${name}`)?.value;
  const path = (name: string) => join(folder, "backups", name);

  async function backups(): Promise<string[]> {
    const names = await readdir(join(folder, "backups"));
    return names.filter((name) => name.startsWith("scheduled-")).sort();
  }

  /** What is done on a disk takes real time. */
  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const giveUpAt = performance.now() + 20_000;
    while (!(await isSo())) {
      if (performance.now() > giveUpAt) throw new Error(`it never came: ${String(isSo)}; ${warnings.join()}`);
      await delay(5);
    }
  }

  /** Waits for the backup that is due, with everything that comes after it. */
  async function made(count: number): Promise<void> {
    await until(() => figure("backups_total") === count && runtime.pendingTimers > idleTimers);
    await until(async () => !(await readdir(join(folder, "backups"))).includes("schedule.lock"));
  }
  let idleTimers = 0;
  before(async () => {
    const probe = new FakeRuntime();
    await using _plain = await openStorage({ backend: "memory" }, { runtime: probe });
    idleTimers = probe.pendingTimers;
  });

  it("are made at once and then at intervals, and can be restored", async () => {
    await begin();
    await made(1);
    await store.set(ctx, "a", 1);
    await runtime.advance(HOUR - 1);
    expect(await backups()).to.have.length(1);
    await runtime.advance(1);
    await made(2);
    const [, second] = await backups();
    await using other = await openStorage();
    await other.restore(ctx, path(second as string));
    expect(await valuesOf(other)).to.deep.equal(await valuesOf(store));
    expect(await readFile(path(`${second}/manifest.ndjson`), "utf8")).to.include('"origin":"schedule"');
    expect(figure("backup_newest_timestamp_seconds")).to.equal(runtime.clock.wall() / 1000);
    expect(await store.health(ctx)).to.deep.equal({ status: "up" });
    expect(warnings).to.deep.equal([]);
  });

  it("go on after a restart when the next one is due", async () => {
    await begin();
    await made(1);
    await runtime.advance(HOUR / 2);
    await store.stop();
    await begin();
    await until(
      () => figure("backup_newest_timestamp_seconds") !== undefined && runtime.pendingTimers > idleTimers,
    );
    await runtime.advance(HOUR / 2 - 1);
    expect(await backups()).to.have.length(1);
    await runtime.advance(1);
    await made(1);
    expect(await backups()).to.have.length(2);
  });

  it("are removed when they are too many, but never what a kept one goes on from, nor anything else", async () => {
    await mkdir(path("scheduled-mine"), { recursive: true });
    await writeFile(path("notes.txt"), "mine");
    await begin({ keep: 2, full_every: 3 });
    await made(1);
    await store.backup(ctx, path("scheduled-20260101T000000000Z-aaaaaa"));
    const kinds: string[][] = [];
    for (let i = 1; i <= 7; i++) {
      await made(i);
      kinds.push(await kindsOf(await backups()));
      await store.set(ctx, "a", i);
      await runtime.advance(HOUR);
    }
    await made(8);
    expect(kinds).to.deep.equal([
      ["full"],
      ["full", "incremental"],
      ["full", "incremental", "incremental"],
      ["full", "incremental", "incremental", "full"],
      ["full", "incremental"],
      ["full", "incremental", "incremental"],
      ["full", "incremental", "incremental", "full"],
    ]);
    const rest = await readdir(join(folder, "backups"));
    expect(rest).to.include.members(["scheduled-20260101T000000000Z-aaaaaa", "scheduled-mine", "notes.txt"]);
    await using other = await openStorage();
    await other.restore(
      ctx,
      path((await backups()).filter((name) => name !== "scheduled-mine").at(-1) as string),
    );
    expect(await valuesOf(other)).to.deep.equal(await valuesOf(store));
  });

  it("stay when one that cannot be read may go on from them", async () => {
    await begin({ keep: 1, full_every: 3 });
    await made(1);
    await runtime.advance(HOUR);
    await made(2);
    const [full, next] = (await backups()) as [string, string];
    const manifest = await readFile(path(`${next}/manifest.ndjson`), "utf8");
    // As after an update that was taken back.
    await writeFile(path(`${next}/manifest.ndjson`), manifest.replace('"format":1', '"format":3'));
    for (let i = 3; i <= 6; i++) {
      await runtime.advance(HOUR);
      await made(i);
    }
    const left = await backups();
    expect(left).to.include.members([full, next]);
    // Beside the newest one and its base.
    expect(left).to.have.length(4);
    await writeFile(path(`${next}/manifest.ndjson`), manifest);
    await using other = await openStorage();
    await other.restore(ctx, path(next));
  });

  async function kindsOf(names: readonly string[]): Promise<string[]> {
    const kinds: string[] = [];
    for (const name of names) {
      const text = await readFile(path(`${name}/manifest.ndjson`), "utf8").catch(() => "");
      if (text.includes('"origin":"schedule"')) kinds.push(text.includes('"base"') ? "incremental" : "full");
    }
    return kinds;
  }

  it("that fail are told to warn, health and metrics, and tried again", async () => {
    await writeFile(join(folder, "backups"), "a file");
    await begin();
    await until(() => figure("backup_failures_total") === 1);
    const health = await store.health(ctx);
    expect(health.status).to.equal("degraded");
    expect(health.message).to.include("the last scheduled backup failed");
    expect(warnings).to.have.length(1);
    await store.set(ctx, "a", 1);
    await rm(join(folder, "backups"));
    await until(() => runtime.pendingTimers > idleTimers);
    await runtime.advance(10 * 60_000);
    await made(1);
    expect(await store.health(ctx)).to.deep.equal({ status: "up" });
  });

  it("are full when what they would go on from is damaged, and leave that to people", async () => {
    await begin({ full_every: 10 });
    await made(1);
    const [first] = await backups();
    await writeFile(path(`${first}/manifest.ndjson`), "damaged");
    await runtime.advance(HOUR);
    await made(2);
    expect(await kindsOf(await backups())).to.deep.equal(["full"]);
    expect(warnings[0]).to.include("cannot be read, and is left as it is");
    expect(await backups()).to.include(first);
  });

  describe("with keys", () => {
    const keys = new TestKeys();
    after(() => keys.remove());

    /** Which key each was encrypted with, the oldest first. */
    async function keysOf(names: readonly string[]): Promise<(string | undefined)[]> {
      const texts = names.map((name) => readFile(path(`${name}/manifest.ndjson`), "utf8"));
      return (await Promise.all(texts)).map((text) => /"cipher":"aes-256-gcm","key":"(\w+)"/.exec(text)?.[1]);
    }

    it("are encrypted with the one that is named, of a store that is plain, and removed like others", async () => {
      const encryption = { keys: [keys.one("k1"), keys.one("k2")], active: "none" };
      await begin({ key: "k2", keep: 2, full_every: 2 }, encryption);
      for (let i = 1; i <= 5; i++) {
        await made(i);
        await store.namespace("canary-namespace").set(ctx, "canary-key", `canary-value-${i}`);
        await runtime.advance(HOUR);
      }
      await made(6);
      const names = await backups();
      expect(await keysOf(names)).to.deep.equal(["k2", "k2"]);
      for (const name of names)
        for (const file of await readdir(path(name)))
          expect(await readFile(path(`${name}/${file}`), "latin1"), file).not.to.include("canary");
      await using other = await openStorage({ encryption });
      await other.restore(ctx, path(names.at(-1) as string));
      expect(await valuesOf(other)).to.deep.equal(await valuesOf(store));
      expect(warnings).to.deep.equal([]);
      expect(await store.health(ctx)).to.deep.equal({ status: "up" });
    });

    it("are full where the one before is encrypted and they are not, or the reverse", async () => {
      const encryption = { keys: [keys.one("k1")], active: "none" };
      for (const key of [undefined, "k1", "k1", undefined]) {
        await begin({ full_every: 10, ...(key !== undefined && { key }) }, encryption);
        await made(1);
        await runtime.advance(HOUR);
        await made(2);
        await store.stop();
        await runtime.advance(HOUR);
      }
      const names = await backups();
      expect(await keysOf(names)).to.deep.equal([
        ...[undefined, undefined],
        ...["k1", "k1", "k1", "k1"],
        ...[undefined, undefined],
      ]);
      await using other = await openStorage({ encryption });
      for (const i of [0, 2, 6]) {
        // A full one needs nothing beside it.
        await cp(path(names[i] as string), join(folder, "alone", String(i)), { recursive: true });
        await other.restore(ctx, join(folder, "alone", String(i)));
      }
      expect(warnings).to.deep.equal([]);
    });

    it("are full when values of the one before are under a key that was taken away", async () => {
      await begin({ full_every: 10 }, { keys: [keys.one("k1")] });
      await store.set(ctx, "a", 1);
      await made(1);
      await runtime.advance(HOUR);
      await made(2);
      await store.stop();
      await runtime.advance(HOUR);
      await begin({ full_every: 10 }, { keys: [keys.one("k2")] });
      await store.set(ctx, "a", 2);
      await made(1);
      const names = await backups();
      expect(await kindsOf(names)).to.deep.equal(["full", "incremental", "full"]);
      await using other = await openStorage({ encryption: { keys: [keys.one("k2")] } });
      await other.restore(ctx, path(names[2] as string));
      expect(warnings).to.deep.equal([]);
    });

    it("that cannot be read for lack of the key are left, and told", async () => {
      await begin({ key: "k1", keep: 1 }, { keys: [keys.one("k1")] });
      await made(1);
      const [old] = await backups();
      await store.stop();
      await runtime.advance(HOUR);
      await begin({ key: "k2", keep: 1 }, { keys: [keys.one("k2")] });
      await made(1);
      expect(await keysOf(await backups())).to.deep.equal(["k1", "k2"]);
      expect(warnings[0]).to.include(
        `${old}/manifest.ndjson" line 1: the backup is encrypted with the key "k1"`,
      );
    });
  });

  it("end with the store: one that is being made is cancelled and leaves nothing", async () => {
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    let isReached = false;
    tap.afterRead = async () => {
      if (figure("backups_total") === undefined) return;
      isReached = true;
      await held;
    };
    await begin();
    await store.namespace("n").set(ctx, "a", 1);
    await until(() => isReached || figure("backups_total") === 1);
    if (!isReached) {
      await until(() => runtime.pendingTimers > idleTimers);
      await runtime.advance(HOUR);
      await until(() => isReached);
    }
    const before = (await backups()).filter((name) => !name.includes(".partial-"));
    const stopping = store.stop();
    await delay(20);
    release();
    await stopping;
    expect(await backups()).to.deep.equal(before);
    expect(warnings).to.deep.equal([]);
    await runtime.advance(3 * HOUR);
    expect(await backups()).to.deep.equal(before);
  });

  it("remove what a killed process left, and only what is theirs", async () => {
    const partial = "scheduled-20260101T000000000Z-aaaaaa.partial-123";
    const half = "scheduled-20260102T000000000Z-bbbbbb";
    for (const name of [partial, half, "other.partial-1"]) await mkdir(path(name), { recursive: true });
    for (const name of [partial, half]) await writeFile(path(`${name}/00001.ndjson`), "");
    await begin();
    await made(1);
    const names = await readdir(join(folder, "backups"));
    expect(names).to.include("other.partial-1");
    expect(names).to.not.include.members([partial, half]);
  });

  it("are made by one of several processes, and it shows when that one makes none", async () => {
    await mkdir(join(folder, "backups"));
    const lock = await processLock.acquire(path("schedule.lock"));
    await begin();
    for (let i = 0; i < 3; i++) {
      await until(() => runtime.pendingTimers > idleTimers);
      expect(warnings).to.deep.equal([]);
      await runtime.advance(HOUR);
    }
    await until(() => figure("backup_failures_total") === 1);
    expect((await store.health(ctx)).message).to.include("remove the lock file");
    expect(await backups()).to.deep.equal([]);
    await lock.release();
  });
});
