import { expect } from "chai";
import { background, StorageError, StoragePlugin, type Context, type Storage } from "holdfast";
import {
  ConfigError,
  hostConfig,
  inject,
  injectable,
  PluginRegistry,
  ROOT_STORAGE,
  STORAGE,
  type Plugin,
  type PluginHost,
} from "holdfast/plugin";

const ctx = background();

@injectable()
class Notes {
  readonly storage: Storage;

  constructor(@inject(STORAGE) storage: Storage) {
    this.storage = storage;
  }
}

/** Keeps notes in a storage that the container injects. */
class NotesPlugin implements Plugin {
  readonly id: string;
  readonly version = "1.0.0";
  readonly requires = [STORAGE];
  notes: Notes | undefined;

  constructor(id: string) {
    this.id = id;
  }

  async init(_: Context, host: PluginHost): Promise<void> {
    this.notes = host.resolve(Notes);
  }

  async start(starting: Context): Promise<void> {
    await this.notes?.storage.set(starting, "owner", this.id);
  }

  async stop(stopping: Context): Promise<void> {
    await this.notes?.storage.set(stopping, "stopped", true);
  }
}

async function errorsOf(work: Promise<unknown>): Promise<readonly Error[]> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).to.be.instanceOf(AggregateError);
  return (error as AggregateError).errors as Error[];
}

describe("the storage plugin in a host", () => {
  it("gives each plugin the namespace of its id", async () => {
    const storage = new StoragePlugin();
    const [a, b] = [new NotesPlugin("a"), new NotesPlugin("b")];
    await using registry = new PluginRegistry().register(a, b, storage);
    await registry.start(ctx);
    expect(await a.notes?.storage.get(ctx, "owner")).to.equal("a");
    expect(await b.notes?.storage.get(ctx, "owner")).to.equal("b");
    expect(await storage.namespace("a").get(ctx, "owner")).to.equal("a");
    expect(await storage.listNamespaces(ctx)).to.deep.equal(["a", "b"]);
  });

  it("gives the root store to those who ask for it", async () => {
    const storage = new StoragePlugin();
    await using registry = new PluginRegistry().register(storage);
    await registry.start(ctx);
    await storage.set(ctx, "k", 1);
    expect(await registry.resolve(ROOT_STORAGE).get(ctx, "k")).to.equal(1);
  });

  it("takes its section of the configuration", async () => {
    const storage = new StoragePlugin();
    const config = hostConfig({ storage: { cache_size: 7 } });
    await using registry = new PluginRegistry({ config }).register(storage);
    await registry.start(ctx);
    expect(await storage.getCacheStats(ctx)).to.include({ enabled: true, maxSize: 7 });
  });

  it("fails to start with a wrong section, which is named", async () => {
    const config = hostConfig({ storage: { cache_sise: 7 } });
    const registry = new PluginRegistry({ config }).register(new NotesPlugin("a"), new StoragePlugin());
    const [error] = await errorsOf(registry.start(ctx));
    expect(error?.message).to.equal(
      'plugin "storage" failed to initialise: storage.cache_sise: unknown option; did you mean "cache_size"',
    );
    expect(error?.cause).to.be.instanceOf(ConfigError);
  });

  it("changes a tunable while running and asks for a restart for another backend", async () => {
    const storage = new StoragePlugin();
    await using registry = new PluginRegistry().register(storage);
    await registry.start(ctx);
    await storage.set(ctx, "k", 1);
    const smaller = await registry.reconfigure(ctx, hostConfig({ storage: { cache_size: 5 } }));
    expect(smaller.get("storage")).to.equal("applied");
    expect((await storage.getCacheStats(ctx)).maxSize).to.equal(5);
    expect(await storage.get(ctx, "k")).to.equal(1);
    const elsewhere = hostConfig({ storage: { backend: "file", file_path: "/nowhere/store.json" } });
    expect((await registry.reconfigure(ctx, elsewhere)).get("storage")).to.equal("restart-required");
    expect((await storage.info(ctx)).type).to.equal("memory");
    expect(await storage.get(ctx, "k")).to.equal(1);
  });

  it("stays open until everything that uses it has stopped", async () => {
    const storage = new StoragePlugin();
    const user = new NotesPlugin("a");
    const registry = new PluginRegistry().register(user, storage);
    await registry.start(ctx);
    await registry.stop(ctx);
    const closed: unknown = await user.notes?.storage.get(ctx, "stopped").catch((error: unknown) => error);
    expect(closed).to.be.instanceOf(StorageError);
    expect(closed).to.include({ code: 5001, reason: "closed" });
  });

  it("tells how it is", async () => {
    const registry = new PluginRegistry().register(new StoragePlugin());
    expect((await registry.health(ctx)).status).to.equal("down");
    await registry.start(ctx);
    expect((await registry.health(ctx)).status).to.equal("up");
    expect(registry.metrics().get("storage")).to.not.be.empty;
    await registry.stop(ctx);
    expect((await registry.health(ctx)).status).to.equal("down");
  });
});
