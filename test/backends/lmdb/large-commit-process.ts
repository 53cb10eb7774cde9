/** A process that fills a store, compacts it, and then begins with one large commit, which may end it. */
import { background, openStorage, type StoragePlugin } from "../../../src/index.js";
import { taskOf, tell } from "../../support/store-process.js";

export type LargeCommit = "clear" | "setBatch" | "deleteBatch" | "sets";

export interface LargeCommitTask {
  readonly path: string;
  readonly commit: LargeCommit;
  /**
   * Between compaction and commit: nothing, another process that opens the store, or that compacts it while this one
   * goes on in the generation before.
   */
  readonly between: "nothing" | "reopened" | "left-behind";
}

export interface LargeCommitReport {
  readonly count: number;
  readonly problems: number;
}

const KEYS = 20_000;
const BATCH = 12_000;
const ctx = background();
const { path, commit, between } = taskOf<LargeCommitTask>();
const open = () => openStorage({ backend: "lmdb", lmdb: { path } });
const entries = (count: number, value: string) =>
  new Map(Array.from({ length: count }, (_, i) => [`key:${i}`, value]));

const COMMITS: Readonly<Record<LargeCommit, (storage: StoragePlugin) => Promise<unknown>>> = {
  clear: (storage) => storage.clear(ctx),
  setBatch: (storage) => storage.setBatch(ctx, entries(BATCH, "after")),
  deleteBatch: (storage) => storage.deleteBatch(ctx, entries(BATCH, "").keys()),
  sets: (storage) =>
    Promise.all([...entries(BATCH, "after")].map(async ([key, value]) => storage.set(ctx, key, value))),
};

async function compacted(): Promise<StoragePlugin> {
  const storage = await open();
  await storage.setBatch(ctx, entries(KEYS, "before"));
  if (between === "left-behind") {
    const compactedElsewhere = new Promise((resolve) => process.once("message", resolve));
    tell("filled");
    await compactedElsewhere;
    return storage;
  }
  await storage.compact(ctx);
  if (between === "nothing") return storage;
  await storage.stop(ctx);
  return await open();
}

const storage = await compacted();
await COMMITS[commit](storage);
const count = await storage.count(ctx);
const { problems } = await storage.verify(ctx);
await storage.stop(ctx);
const report: LargeCommitReport = { count, problems: problems.length };
tell(report);
