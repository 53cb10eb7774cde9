import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { background, type StoragePlugin, type StorageSettings } from "../../../src/index.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { openTapped, type Tap, type TappedStore } from "../../support/tapped-store.js";

const ctx = background();

/** A store in memory to back up, another one to restore into, and a folder for backups. */
export class BackupRig {
  readonly runtime = new FakeRuntime();
  readonly sourceTap: Tap = {};
  readonly targetTap: Tap = {};
  folder = "";
  #source: TappedStore | undefined;
  #target: TappedStore | undefined;

  async open(settings: StorageSettings = {}): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), "holdfast-backup-"));
    const { runtime } = this;
    this.#source = await openTapped({ backend: "memory", ...settings }, this.sourceTap, { runtime });
    this.#target = await openTapped({ backend: "memory" }, this.targetTap, { runtime });
  }

  async close(): Promise<void> {
    await this.source.stop();
    await this.target.stop();
    await rm(this.folder, { recursive: true });
  }

  get source(): StoragePlugin {
    return (this.#source as TappedStore).storage;
  }

  get target(): StoragePlugin {
    return (this.#target as TappedStore).storage;
  }

  get backends() {
    return { source: (this.#source as TappedStore).backend, target: (this.#target as TappedStore).backend };
  }

  /** Writes that the target's backend has carried out. */
  get writes(): number {
    return (this.#target as TappedStore).writes();
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  backup(name: string, base?: string) {
    return this.source.backup(ctx, this.path(name), base === undefined ? {} : { base: this.path(base) });
  }

  /** What stands in the folder of backups. */
  async names(): Promise<string[]> {
    return (await readdir(this.folder)).sort();
  }
}

export async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error("the call must reject");
    },
    (error: unknown) => error,
  );
}
