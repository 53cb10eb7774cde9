import { mkdtemp, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Breather } from "../../../src/backends/files/breather.js";
import { DataFolder } from "../../../src/backends/lmdb/data-folder.js";
import { loadLmdb } from "../../../src/backends/lmdb/lmdb-driver.js";
import type { SyncMode } from "../../../src/backends/lmdb/lmdb-options.js";
import { acquireEnvironment } from "../../../src/backends/lmdb/open-environments.js";
import type { StorePlace } from "../../../src/backends/lmdb/store-place.js";
import { systemRuntime } from "../../../src/core/runtime.js";
import { background, openStorage } from "../../../src/index.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";
import { StoreProcess } from "../../support/store-process.js";
import { comeAndGo, COUNT } from "./come-and-go.js";

const ctx = background();
const NEIGHBOUR = new URL("come-and-go-process.ts", import.meta.url);
const PLUGINS = 2;
const TIMES = 8;

describe("acquireEnvironment", () => {
  let folder = "";

  beforeEach(async () => {
    folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-lmdb-open-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function placeAt(path: string, sync: SyncMode = "all"): Promise<StorePlace> {
    const data = new DataFolder(path);
    await data.prepare();
    return {
      driver: await loadLmdb(),
      folder: data,
      sync,
      breather: () => new Breather(systemRuntime.clock),
    };
  }

  it("opens a store once, by whatever path it is reached, and closes it with the last", async () => {
    const path = join(folder, "store");
    await mkdir(path);
    await symlink(path, join(folder, "link"));
    const first = await acquireEnvironment(await placeAt(path));
    const second = await acquireEnvironment(await placeAt(join(folder, "link")));
    expect(second.environment).to.equal(first.environment);
    await first.release();
    await second.environment.write(async ({ tables }) => void tables.facts.put("k", Buffer.from("v")));
    await second.release();
    const third = await acquireEnvironment(await placeAt(path));
    expect(third.environment).not.to.equal(first.environment);
    await third.release();
  });

  it("opens a store anew only when it is closed, however many wait for that", async () => {
    const place = await placeAt(folder);
    const before = await acquireEnvironment(place);
    const order: string[] = [];
    const written = before.environment.write(async ({ tables }) => {
      for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
      tables.facts.put("k", Buffer.from("v"));
      order.push("written");
    });
    const closed = before.release();
    const after = [1, 2, 3].map(async () => {
      const { release } = await acquireEnvironment(place);
      order.push("opened");
      await release();
    });
    await Promise.all([written, closed, ...after]);
    expect(order).to.deep.equal(["written", "opened", "opened", "opened"]);
  });

  it("refuses a store that another copy of the package has open in this process, until it is closed", async () => {
    const specifier = "../../../src/backends/lmdb/open-environments.js?copy";
    const copy = ((await import(specifier)) as { acquireEnvironment: typeof acquireEnvironment })
      .acquireEnvironment;
    expect(copy).not.to.equal(acquireEnvironment);
    const place = await placeAt(folder);
    const first = await acquireEnvironment(place);
    const refusal = await copy(place).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.include({ reason: "locked" });
    expect(String(refusal)).to.match(/another copy of holdfast/);
    await first.release();
    const second = await copy(place);
    await second.release();
  });

  it("keeps what plugins of two processes write that open and close one store at random", async function () {
    this.timeout(180_000);
    const seed = Date.now() % 1_000_000;
    const task = { path: folder, plugins: PLUGINS, times: TIMES };
    const neighbour = new StoreProcess(NEIGHBOUR, { ...task, seed: seed + 1 });
    try {
      const [here, there] = await Promise.all([comeAndGo({ ...task, seed }), neighbour.next<number>()]);
      const storage = await openStorage({ backend: "lmdb", lmdb: { path: folder } });
      expect(await storage.get(ctx, COUNT), `seed ${seed}`).to.equal(here + there);
      expect((await storage.verify(ctx)).problems, `seed ${seed}`).to.deep.equal([]);
      await storage.stop();
    } finally {
      await neighbour.end();
    }
  });
});
