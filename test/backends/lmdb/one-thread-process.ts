/** A process that has one thread for files: compacts stores while it writes to them, and fails to compact one. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Breather } from "../../../src/backends/files/breather.js";
import { DataFolder } from "../../../src/backends/lmdb/data-folder.js";
import { loadLmdb, type LmdbDriver } from "../../../src/backends/lmdb/lmdb-driver.js";
import { LmdbEnvironment } from "../../../src/backends/lmdb/lmdb-environment.js";
import { systemRuntime } from "../../../src/core/runtime.js";
import { background, openStorage } from "../../../src/index.js";
import { taskOf, tell } from "../../support/store-process.js";

export interface OneThreadTask {
  readonly path: string;
  /** Each is compacted so often, in turns with the others. */
  readonly stores: readonly string[];
  readonly times: number;
}

export interface OneThreadReport {
  /** Of each store what stands under its keys, and what is wrong with it. */
  readonly held: readonly (readonly unknown[])[];
  readonly problems: number;
  /** What became of a compaction whose copy could not be made, and of a write after it. */
  readonly failed: string;
  readonly afterwards: string;
}

const ctx = background();
const { path, stores, times } = taskOf<OneThreadTask>();

async function workOn(name: string): Promise<{ readonly held: unknown[]; readonly problems: number }> {
  await using storage = await openStorage({ backend: "lmdb", lmdb: { path: join(path, name) } });
  for (let n = 0; n < times; n++) {
    const writes = ["a", "b", "c"].map((key) => storage.set(ctx, key, n));
    await Promise.all([storage.compact(ctx), ...writes, storage.getOr(ctx, "a", 0)]);
  }
  const { problems } = await storage.verify(ctx);
  return { held: [...(await storage.find(ctx, "*")).values()], problems: problems.length };
}

/** A driver whose copies fail. */
async function withoutCopies(): Promise<LmdbDriver> {
  const { open } = await loadLmdb();
  const backup = () => Promise.reject(new Error("no copies here"));
  return { open: (options) => Object.assign(open(options), { backup }) };
}

async function failToCompact(folder: string): Promise<Pick<OneThreadReport, "failed" | "afterwards">> {
  await mkdir(folder);
  const place = { driver: await withoutCopies(), folder: new DataFolder(folder), sync: "all" } as const;
  const breather = () => new Breather(systemRuntime.clock);
  const environment = await LmdbEnvironment.open({ ...place, breather });
  const failed = await environment.compact().then(
    () => "it was compacted",
    (error: Error) => error.message,
  );
  await environment.write(async ({ tables }) => void tables.facts.put("k", Buffer.from("written")));
  const afterwards = await environment.read(({ tables }) => String(tables.facts.getBinary("k")));
  await environment.close();
  return { failed, afterwards };
}

const worked = await Promise.all(stores.map(workOn));
const report: OneThreadReport = {
  held: worked.map(({ held }) => held),
  problems: worked.reduce((sum, { problems }) => sum + problems, 0),
  ...(await failToCompact(join(path, "failing"))),
};
tell(report);
