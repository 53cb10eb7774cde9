import type { Batch, Check, CommitResult, RangeCheck, Write } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import type { Version } from "../core/version.js";

const NONE: readonly never[] = Object.freeze([]);

/** A batch on its way to the backend, with what the cache needs once it is there. */
export class CommitRequest implements Batch {
  readonly id: Version;
  readonly ctx: Context;
  readonly namespace: string;
  readonly checks: readonly Check[];
  readonly ranges: readonly RangeCheck[];
  readonly writes: readonly Write[];
  /** For each write the decoded value it puts, this process's own; undefined for the rest. */
  readonly values: readonly unknown[];
  /** Under way: sent to the backend and not answered yet, so that its outcome is open. */
  underWay = false;

  constructor(
    id: Version,
    ctx: Context,
    namespace: string,
    writes: readonly Write[],
    values: readonly unknown[],
    checks: readonly Check[] = NONE,
    ranges: readonly RangeCheck[] = NONE,
  ) {
    this.id = id;
    this.ctx = ctx;
    this.namespace = namespace;
    this.writes = writes;
    this.values = values;
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

/** Told of every commit's outcome in the same step in which it arrives, before anybody waiting for it goes on. */
export interface CommitObserver {
  /** A call to the backend begins. Returns what is told how it ended. */
  sending(requests: readonly CommitRequest[]): SentCommit;
}

export interface SentCommit {
  arrived(results: readonly CommitResult[]): void;
  /** The call failed: the writes may or may not have taken effect. */
  failed(): void;
}
