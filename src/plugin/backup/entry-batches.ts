import type { Put, Write } from "../../backends/backend.js";
import type { Context } from "../../core/context.js";
import type { StoredKey } from "../../core/key.js";
import type { KeyRange } from "../../core/range.js";
import { CommitRequest } from "../../transaction/commit-request.js";
import type { Stack } from "../stack.js";

const BATCH_WRITES = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Writes of one namespace, carried out in their order, in batches within the limits of the backend. */
export class EntryBatches {
  readonly #stack: Stack;
  readonly #ctx: Context;
  readonly #namespace: string;
  readonly #maxWrites: number;
  readonly #maxBytes: number;
  /** The last write to each key: a batch has one. */
  #writes = new Map<StoredKey, Write>();
  #bytes = 0;

  constructor(stack: Stack, ctx: Context, namespace: string) {
    const { maxBatchEntries, maxBatchBytes } = stack.backend.info.limits;
    this.#stack = stack;
    this.#ctx = ctx;
    this.#namespace = namespace;
    this.#maxWrites = Math.min(BATCH_WRITES, maxBatchEntries);
    this.#maxBytes = Math.min(BATCH_BYTES, maxBatchBytes);
  }

  async put(put: Put): Promise<void> {
    const bytes = Buffer.byteLength(put.data);
    if (this.#writes.size >= this.#maxWrites || this.#bytes + bytes > this.#maxBytes) await this.flush();
    this.#writes.set(put.key, put);
    this.#bytes += bytes;
  }

  async delete(key: StoredKey): Promise<void> {
    if (this.#writes.size >= this.#maxWrites) await this.flush();
    this.#writes.set(key, { kind: "delete", key });
  }

  /** Empties a range, and puts in the same commit what must be there at all times. */
  async deleteRange(range: KeyRange, kept: readonly Put[] = []): Promise<void> {
    await this.flush();
    await this.#commit([{ kind: "delete-range", range }, ...kept]);
  }

  async flush(): Promise<void> {
    if (this.#writes.size === 0) return;
    const writes = [...this.#writes.values()];
    this.#writes = new Map();
    this.#bytes = 0;
    await this.#commit(writes);
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    const { pump, versions } = this.#stack.services;
    const request = new CommitRequest(versions.next(), this.#ctx, this.#namespace, writes);
    request.isBulk = true;
    await pump.submit(request);
  }
}
