import type { BackendFactory } from "./backend.js";

/** Loads what makes a backend; called when a store of that name is opened, so that unused drivers are never loaded. */
export type BackendLoader = () => Promise<BackendFactory>;

/** The backends that a configuration can name. Immutable: adding one gives a new registry. */
export class BackendRegistry {
  readonly #loaders: ReadonlyMap<string, BackendLoader>;

  constructor(loaders: ReadonlyMap<string, BackendLoader> = new Map()) {
    this.#loaders = new Map(loaders);
  }

  /** Every name, in alphabetical order. */
  get names(): readonly string[] {
    return [...this.#loaders.keys()].sort();
  }

  has(name: string): boolean {
    return this.#loaders.has(name);
  }

  /** A registry that knows one more backend, or another one under a known name. */
  with(name: string, loader: BackendLoader): BackendRegistry {
    if (!NAME.test(name)) {
      throw new RangeError(
        `${JSON.stringify(name)} cannot name a backend; use lower-case letters, digits and "-", a letter first`,
      );
    }
    return new BackendRegistry(new Map(this.#loaders).set(name, loader));
  }

  /**
   * Loads the backend of that name.
   *
   * @throws UnknownBackendError when there is none; what the loader threw when it cannot be loaded; TypeError when it
   *   gave no factory.
   */
  async load(name: string): Promise<BackendFactory> {
    const loader = this.#loaders.get(name);
    if (loader === undefined) throw new UnknownBackendError(name, this.names);
    const factory: unknown = await loader();
    if (typeof factory === "function") return factory as BackendFactory;
    throw new TypeError(
      `the loader of the backend ${JSON.stringify(name)} gave no factory; it must resolve with a function that makes the backend`,
    );
  }
}

const NAME = /^[a-z][a-z0-9-]*$/;

/** A configuration names a backend that the registry does not know. */
export class UnknownBackendError extends Error {
  override readonly name = "UnknownBackendError";
  readonly backend: string;
  readonly known: readonly string[];

  constructor(backend: string, known: readonly string[]) {
    super(`there is no backend ${JSON.stringify(backend)}; known are ${known.join(", ")}`);
    this.backend = backend;
    this.known = known;
  }
}

/** A registry of the backends in this package. */
export function defaultBackends(): BackendRegistry {
  return new BackendRegistry()
    .with("memory", async () => (await import("./memory/memory-backend.js")).memoryBackend)
    .with("file", async () => (await import("./file/file-backend.js")).fileBackend)
    .with("directory", async () => (await import("./directory/directory-backend.js")).directoryBackend)
    .with("mysql", async () => (await import("./mysql/mysql-backend.js")).mysqlBackend)
    .with("postgres", async () => (await import("./postgres/postgres-backend.js")).postgresBackend)
    .with("redis", async () => (await import("./redis/redis-backend.js")).redisBackend)
    .with("sqlite", async () => (await import("./sqlite/sqlite-backend.js")).sqliteBackend)
    .with("lmdb", async () => (await import("./lmdb/lmdb-backend.js")).lmdbBackend);
}
