import { expect } from "chai";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  background,
  ConfigError,
  defaultBackends,
  openStorage,
  StoragePlugin,
  StorageError,
  StorageFault,
  withCancel,
  type BackendFactory,
} from "../../../src/index.js";
import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";

const ctx = background();

/** The registry of this package with one more backend, made by `factory`. */
function withBackend(name: string, factory: BackendFactory) {
  return defaultBackends().with(name, async () => factory);
}

/** A memory backend under another name, which takes whatever options it is given. */
const named: BackendFactory = (setup) => memoryBackend({ ...setup, options: {} });

async function thrownBy(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("the call must reject");
}

describe("openStorage", () => {
  it("opens a store in memory without a configuration", async () => {
    await using storage = await openStorage();
    await storage.set(ctx, "a", 1);
    expect((await storage.info(ctx)).type).to.equal("memory");
  });

  it("reads the storage section of a YAML file", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "holdfast-open-"));
    const file = path.join(folder, "storage.yaml");
    await writeFile(file, "storage:\n  backend: memory\n  cache_size: 7\n");
    const storage = await openStorage(file);
    expect((await storage.getCacheStats(ctx)).maxSize).to.equal(7);
    await storage.stop();
    await writeFile(file, "storage:\n  backend: memory\n  cache_sise: 7\n");
    const error = await thrownBy(() => openStorage(file));
    expect((error as Error).name).to.equal("ConfigError");
    expect((error as Error).message).to.match(/storage\.yaml:3:3.*cache_size/s);
    await rm(folder, { recursive: true });
  });

  it("refuses a wrong configuration before anything is opened", async () => {
    for (const wrong of [{ backend: "memroy" }, { cache_size: -1 }, { unknown: 1 }, { codec: "pickle" }]) {
      expect(await thrownBy(() => openStorage(wrong))).to.be.instanceOf(ConfigError);
    }
  });

  it("takes an unknown option for a mistake, and opens nothing", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "holdfast-open-"));
    const settings = { backend: "file", file: { path: path.join(folder, "store.json") } };
    const known = "ctx, backends, codecs, runtime, id, warn";
    for (const [name, options] of [
      ["foo", { foo: 1 }],
      ["settings", { settings }],
    ] as const) {
      const error = await thrownBy(() => openStorage(settings, options as object));
      expect(error).to.be.instanceOf(TypeError);
      expect((error as Error).message).to.equal(`unknown openStorage option "${name}"; known: ${known}`);
    }
    expect(await thrownBy(() => openStorage(settings, null as never))).to.be.instanceOf(TypeError);
    expect(() => new StoragePlugin(settings as object)).to.throw(
      TypeError,
      'unknown StoragePlugin option "backend"; known: settings, backends, codecs, runtime, id, warn',
    );
    expect(await readdir(folder)).to.deep.equal([]);
    await rm(folder, { recursive: true });
  });

  it("refuses a context that is over", async () => {
    const [over, cancel] = withCancel(ctx);
    cancel();
    const error = await thrownBy(() => openStorage({}, { ctx: over }));
    expect(error)
      .to.be.instanceOf(StorageError)
      .and.include({ code: 5001, reason: "cancelled", operation: "open" });
  });

  it("takes what keeps a backend from opening for an error of open, and may be tried again", async () => {
    let isLocked = true;
    const backends = withBackend("guarded", (setup) => {
      const inner = named(setup);
      const open = inner.open.bind(inner);
      inner.open = async (context) => {
        if (isLocked) throw new StorageFault("locked", "process 7 holds it");
        await open(context);
      };
      return inner;
    });
    const error = await thrownBy(() => openStorage({ backend: "guarded" }, { backends }));
    expect(error).to.include({
      code: 5001,
      reason: "locked",
      operation: "open",
      backend: "guarded",
      retryable: true,
    });
    isLocked = false;
    await using storage = await openStorage({ backend: "guarded" }, { backends });
    await storage.set(ctx, "a", 1);
  });

  it("masks secrets in the configuration that info tells", async () => {
    const backends = withBackend("remote", named);
    const remote = {
      url: "remote://user:canary-1@host/db?password=canary-2",
      password: "canary-3",
      tls: { privateKey: "canary-4", ca: "public" },
      nodes: ["remote://u:canary-5@a", { apiKey: "canary-6" }],
    };
    await using storage = await openStorage({ backend: "remote", remote }, { backends });
    const { configuration } = await storage.info(ctx);
    const shown = JSON.stringify(configuration);
    expect(shown).not.to.include("canary");
    expect(shown).to.include("host/db").and.include("public");
    expect(JSON.stringify(storage.metrics())).not.to.include("canary");
  });

  it("opens two stores that know nothing of each other", async () => {
    await using one = await openStorage();
    await using two = await openStorage();
    await one.set(ctx, "a", 1);
    expect(await two.exists(ctx, "a")).to.equal(false);
  });
});
