import { expect } from "chai";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { BackendRegistry, defaultBackends, UnknownBackendError } from "../../src/backends/registry.js";

describe("BackendRegistry", () => {
  it("loads a backend by name, when it is asked for and not before", async () => {
    let loads = 0;
    const registry = new BackendRegistry().with("own", async () => {
      loads += 1;
      return memoryBackend;
    });
    expect(loads).to.equal(0);
    expect(await registry.load("own")).to.equal(memoryBackend);
    expect(loads).to.equal(1);
  });

  it("is not changed by adding to it", () => {
    const before = new BackendRegistry();
    const after = before.with("own", async () => memoryBackend);
    expect(before.has("own")).to.equal(false);
    expect(after.has("own")).to.equal(true);
    expect(defaultBackends().has("own")).to.equal(false);
  });

  it("takes the last of two backends of one name", async () => {
    const registry = defaultBackends().with("memory", async () => (setup) => memoryBackend(setup));
    expect(await registry.load("memory")).not.to.equal(memoryBackend);
  });

  it("refuses an unknown name and says which are known", async () => {
    const error = await defaultBackends()
      .load("mongo")
      .catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(UnknownBackendError);
    expect((error as Error).message).to.equal(
      'there is no backend "mongo"; known are directory, file, lmdb, memory, mysql, postgres, redis, sqlite',
    );
  });

  it("does not take a property of objects for a backend", async () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const error = await defaultBackends()
        .load(name)
        .catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(UnknownBackendError);
    }
  });

  it("refuses names that would not fit into YAML keys and paths", () => {
    for (const name of ["", "Own", "1st", "a/b", "a b", "_own"]) {
      expect(() => new BackendRegistry().with(name, async () => memoryBackend)).to.throw(
        RangeError,
        "cannot name",
      );
    }
  });

  it("passes on why a backend cannot be loaded, and tries again the next time", async () => {
    let tries = 0;
    const registry = new BackendRegistry().with("own", async () => {
      tries += 1;
      if (tries === 1) throw new Error("the driver is not installed");
      return memoryBackend;
    });
    const error = await registry.load("own").catch((caught: unknown) => caught);
    expect((error as Error).message).to.equal("the driver is not installed");
    expect(await registry.load("own")).to.equal(memoryBackend);
  });

  it("refuses a loader that gives no factory", async () => {
    for (const wrong of [undefined, { memoryBackend }]) {
      const registry = new BackendRegistry().with("own", async () => wrong as never);
      const error = await registry.load("own").catch((caught: unknown) => caught);
      expect(error)
        .to.be.instanceOf(TypeError)
        .with.property(
          "message",
          'the loader of the backend "own" gave no factory; it must resolve with a function that makes the backend',
        );
    }
  });

  it("knows every backend of this package", async () => {
    const registry = defaultBackends();
    expect(registry.names).to.deep.equal([
      "directory",
      "file",
      "lmdb",
      "memory",
      "mysql",
      "postgres",
      "redis",
      "sqlite",
    ]);
    for (const name of registry.names) expect(await registry.load(name)).to.be.a("function");
  });
});
