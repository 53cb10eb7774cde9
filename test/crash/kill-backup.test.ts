import { expect } from "chai";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { background, openStorage, type StoragePlugin } from "../../src/index.js";
import { StoreProcess } from "../support/store-process.js";
import type { BackupTask } from "./backup-process.js";
import { SeededRandom } from "./seeded-random.js";

const ctx = background();
const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const PROGRAM = new URL("backup-process.ts", import.meta.url);
const ENTRIES = 5000;
const ROUNDS = 3;
/** How many commits a restore makes before it is killed: only the mark, some entries, nearly all; or at any moment. */
const COMMITS = [1, 2, 10, Infinity, Infinity];

describe(`kill -9 of backups and restores, seed ${SEED} (HOLDFAST_SEED)`, function () {
  this.timeout(180_000);
  const random = new SeededRandom(SEED);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-kill-backup-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("a folder that has its name is a whole backup, and every backup that was acknowledged has it", async () => {
    let partials = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const place = join(folder, String(round));
      const child = begin({ job: "backup", folder: place, entries: 3000 });
      await child.next();
      await child.next();
      await delay(random.below(150));
      await child.end();
      const names = await readdir(place);
      const kept = names.filter((name) => !name.includes(".partial-"));
      partials += names.length - kept.length;
      expect(kept).to.include("backup-0");
      for (const name of kept) {
        await using store = await openStorage();
        await store.restore(ctx, join(place, name));
        expect(await store.size(ctx), name).to.equal(3000);
      }
    }
    expect(partials).to.be.above(0);
  });

  it("a store whose restore was killed is empty, whole, or says what it is and can be restored again", async () => {
    await using source = await openStorage();
    await source.setBatch(ctx, new Map(Array.from({ length: ENTRIES }, (_, i) => [`k${i}`, i])));
    await source.backup(ctx, join(folder, "backup"));
    const verdicts: string[] = [];
    for (const commits of COMMITS) {
      const child = begin({ job: "restore", folder, entries: ENTRIES, commits });
      await child.next();
      if (commits < Infinity) expect(await child.next()).to.equal("waiting");
      else await delay(random.below(600));
      await child.end();
      const verdict = await judge();
      verdicts.push(verdict);
      if (commits < Infinity) expect(verdict, `after ${commits} commits`).to.equal("refused");
      for (const name of await readdir(folder)) if (name !== "backup") await rm(join(folder, name));
    }
    expect(verdicts).to.have.length(COMMITS.length);
  });

  function begin(task: BackupTask): StoreProcess {
    return new StoreProcess(PROGRAM, task);
  }

  async function judge(): Promise<string> {
    const path = join(folder, "store.json");
    if (!existsSync(path) && !(await readdir(folder)).some((name) => name.includes("journal")))
      return "never opened";
    await using store = await openStorage({ backend: "file", file: { path } });
    const { ok, problems } = await store.verify(ctx);
    const size = await store.size(ctx);
    if (ok) {
      expect(size).to.be.oneOf([0, ENTRIES]);
      if (size === 0) await store.restore(ctx, join(folder, "backup"));
      return await expectWhole(store, size === 0 ? "empty" : "whole");
    }
    expect(problems.map(({ reason }) => reason)).to.deep.equal(["truncated"]);
    const error: unknown = await store
      .restore(ctx, join(folder, "backup"))
      .catch((thrown: unknown) => thrown);
    expect(error).to.include({ reason: "not-empty" });
    await store.restore(ctx, join(folder, "backup"), { replace: true });
    expect((await store.verify(ctx)).ok).to.equal(true);
    return await expectWhole(store, "refused");
  }

  async function expectWhole(store: StoragePlugin, verdict: string): Promise<string> {
    expect(await store.size(ctx)).to.equal(ENTRIES);
    return verdict;
  }
});
