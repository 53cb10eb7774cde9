import type { Backend } from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { BackendRegistry } from "../../src/backends/registry.js";
import { background } from "../../src/core/context.js";
import type { StoredEntry } from "../../src/core/entry.js";
import type { StoredKey } from "../../src/core/key.js";
import { systemRuntime } from "../../src/core/runtime.js";
import { openStorage, type OpenStorageOptions } from "../../src/plugin/open-storage.js";
import type { StorageSettings } from "../../src/plugin/settings.js";
import type { StoragePlugin } from "../../src/plugin/storage-plugin.js";
import { suiteSetup } from "../../src/testing/backend-suite/suite-harness.js";
import { tapCalls, type Tap } from "./tapped-store.js";
import { ViewedBackend } from "./viewed-backend.js";

const ctx = background();

/** A store in memory that stays while stores above it are opened and closed, and its raw entries. */
export class KeptStore {
  readonly #viewed = new ViewedBackend(
    memoryBackend(
      suiteSetup({
        runtime: systemRuntime,
        changes: { count: 10_000, ageMs: 60_000 },
        sweepIntervalMs: 60_000,
      }),
    ),
  );
  /** Without any layer above it. */
  readonly raw: Backend = this.#viewed.view();
  #writes = 0;

  async open(): Promise<this> {
    await this.raw.open(ctx);
    return this;
  }

  close(): Promise<void> {
    return this.raw.close(ctx);
  }

  /** @param tap what a test looks at, or does, around the calls of this one store. */
  storage(
    settings: StorageSettings,
    options: OpenStorageOptions = {},
    tap: Tap = {},
  ): Promise<StoragePlugin> {
    const backends = new BackendRegistry().with("kept", async () => () => {
      const backend = this.#viewed.view();
      tapCalls(backend, tap);
      return backend;
    });
    return openStorage({ backend: "kept", cache: { max_entries: 0 }, ...settings }, { ...options, backends });
  }

  async entry(key: StoredKey, namespace = ""): Promise<StoredEntry> {
    const { entries } = await this.raw.read(ctx, namespace, [key]);
    if (entries[0] === undefined) throw new Error(`there is no ${JSON.stringify(key)}`);
    return entries[0];
  }

  /** Puts an entry there as it stands: whoever can write to a store can. */
  async put(entry: StoredEntry, namespace = "", version?: string): Promise<void> {
    const { key, type, codec, data, incarnation, expiresAt } = entry;
    const put = {
      ...({ kind: "put", key, type, codec, data } as const),
      ...(incarnation !== undefined && { incarnation }),
      expiry: expiresAt === undefined ? undefined : { at: expiresAt },
    };
    const id = version ?? `raw${++this.#writes}`;
    await this.raw.commit([{ id, ctx, namespace, checks: [], ranges: [], writes: [put] }]);
  }
}
