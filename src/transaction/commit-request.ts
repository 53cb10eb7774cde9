import type { Batch, Check, CommitResult, RangeCheck, Write } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import type { Version } from "../core/version.js";

const NONE: readonly never[] = Object.freeze([]);

/** A batch on its way to the backend. */
export class CommitRequest implements Batch {
  readonly id: Version;
  readonly ctx: Context;
  readonly namespace: string;
  readonly checks: readonly Check[];
  readonly ranges: readonly RangeCheck[];
  readonly writes: readonly Write[];
  /** Sent to the backend, and not known to have had no effect: who stops waiting for it cannot tell what happened. */
  isSent = false;
  /** One of many that write what nobody is about to read, as when a store is copied: it is kept out of the cache. */
  isBulk = false;

  constructor(
    id: Version,
    ctx: Context,
    namespace: string,
    writes: readonly Write[],
    checks: readonly Check[] = NONE,
    ranges: readonly RangeCheck[] = NONE,
  ) {
    this.id = id;
    this.ctx = ctx;
    this.namespace = namespace;
    this.writes = writes;
    this.checks = checks;
    this.ranges = ranges;
  }
}

/** Bytes of data that a batch puts; text counts by its units, which is at most a third too little. */
export function dataBytes(request: Batch): number {
  let bytes = 0;
  for (const write of request.writes) if (write.kind === "put") bytes += write.data.length;
  return bytes;
}

/**
 * Told of every call's outcome in the same step in which it arrives, before anybody waiting for it goes on. `T` is
 * what it wants to know again of a call when that ends.
 */
export interface CommitObserver<T = unknown> {
  sending(requests: readonly CommitRequest[]): T;
  arrived(requests: readonly CommitRequest[], results: readonly CommitResult[], sent: T): void;
  /** The call failed: its writes may or may not have taken effect. */
  failed(requests: readonly CommitRequest[], sent: T): void;
}
