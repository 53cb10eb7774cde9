import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type {
  Backend,
  Batch,
  Change,
  Check,
  Committed,
  CommitResult,
  Conflict,
  Conflicted,
  Expiry,
  Position,
  Put,
  RangeCheck,
  ScanOptions,
  Want,
  Wanted,
  Write,
} from "../../backends/backend.js";
import { background, type Context } from "../../core/context.js";
import { ENTRY_TYPE, type EntryType, type StoredEntry } from "../../core/entry.js";
import { StorageFault, type Reason } from "../../core/errors.js";
import { headKey, type StoredKey } from "../../core/key.js";
import { DigestSum } from "../../core/range-digest.js";
import { EVERYTHING, type KeyRange } from "../../core/range.js";
import { systemRandom, type Runtime } from "../../core/runtime.js";
import { VersionSource, type Version } from "../../core/version.js";
import { FakeRuntime } from "../fake-runtime.js";

/** How much earlier than asked for a timer of Node may fire, generously. */
const EARLY_TIMER_MS = 5;

/** The parts of a batch that a case cares about. */
export interface BatchParts {
  readonly id?: Version;
  readonly ctx?: Context;
  readonly namespace?: string;
  readonly checks?: readonly Check[];
  readonly ranges?: readonly RangeCheck[];
  readonly writes?: readonly Write[];
}

/** The parts of a put that a case cares about beside its key. */
export interface PutParts {
  readonly data?: string | Uint8Array;
  readonly codec?: number;
  readonly type?: EntryType;
  readonly expiry?: Expiry;
  readonly incarnation?: string;
}

/** A put of a user's key; the data is the key itself unless given. */
export function put(key: string, parts: PutParts = {}): Put {
  return {
    kind: "put",
    key: headKey(key),
    type: ENTRY_TYPE.value,
    codec: 1,
    data: key,
    expiry: undefined,
    ...parts,
  };
}

/** A delete of a user's key. */
export function del(key: string): Write {
  return { kind: "delete", key: headKey(key) };
}

export function dropRange(range: KeyRange): Write {
  return { kind: "delete-range", range };
}

/** The users' keys from `start` up to but not including `end`. */
export function headRange(start: string, end: string): KeyRange {
  return { start: headKey(start), end: headKey(end) };
}

/** One open backend under test, with the shorthand that cases are written in. */
export class Rig {
  readonly ctx = background();
  readonly runtime: Runtime;
  readonly #ids = new VersionSource(systemRandom);
  #backend: Backend;

  constructor(backend: Backend, runtime: Runtime) {
    this.#backend = backend;
    this.runtime = runtime;
  }

  get backend(): Backend {
    return this.#backend;
  }

  /** Goes on with another instance on the same data. */
  use(backend: Backend): void {
    this.#backend = backend;
  }

  /** Lets time pass on the backend's clock. */
  async pass(ms: number): Promise<void> {
    if (this.runtime instanceof FakeRuntime) await this.runtime.advance(ms);
    else await delay(ms + EARLY_TIMER_MS);
  }

  /** Lets time pass until `condition` holds; fails after `limitMs`. */
  async until(condition: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> {
    for (let passedMs = 0; passedMs <= limitMs; passedMs += 50) {
      if (await condition()) return;
      await this.pass(50);
      // Real input and output takes real time, also on a fake clock.
      if (passedMs % 500 === 0) await delay(1);
    }
    assert.fail(`what was waited for did not happen within ${limitMs} ms`);
  }

  nextId(): Version {
    return this.#ids.next();
  }

  batch(parts: BatchParts): Batch {
    return { id: this.nextId(), ctx: this.ctx, namespace: "", checks: [], ranges: [], writes: [], ...parts };
  }

  /** Commits one batch, whatever comes of it. */
  async tryCommit(parts: BatchParts): Promise<CommitResult> {
    const [result, ...others] = await this.#backend.commit([this.batch(parts)]);
    assert.ok(result !== undefined && others.length === 0, "one batch must give one result");
    return result;
  }

  /** Commits one batch that must succeed. */
  async commit(parts: BatchParts): Promise<Committed> {
    return committed(await this.tryCommit(parts));
  }

  /** Writes in one batch of the root namespace. */
  async write(...writes: readonly Write[]): Promise<Committed> {
    return await this.commit({ writes });
  }

  /** Makes any number of independent writes, in batches as large as the backend takes. */
  async writeMany(writes: readonly Write[]): Promise<void> {
    const { maxBatchEntries } = this.#backend.info.limits;
    for (let at = 0; at < writes.length; at += maxBatchEntries) {
      await this.commit({ writes: writes.slice(at, at + maxBatchEntries) });
    }
  }

  /** Commits one batch that must conflict; its conflicts. */
  async conflicts(parts: BatchParts): Promise<readonly Conflict[]> {
    return conflicted(await this.tryCommit(parts)).conflicts;
  }

  /** The entry of a user's key. */
  async get(key: string, namespace = ""): Promise<StoredEntry | undefined> {
    const { entries } = await this.#backend.read(this.ctx, namespace, [headKey(key)]);
    return entries[0];
  }

  /** The version of a user's key that must be there. */
  async versionOf(key: string, namespace = ""): Promise<Version> {
    const entry = await this.get(key, namespace);
    assert.ok(entry !== undefined, `${JSON.stringify(key)} must be there`);
    return entry.version;
  }

  async scan<W extends Want | "keys" = "values">(
    range: KeyRange,
    options: ScanOptions<W> = {},
    namespace = "",
  ): Promise<Wanted<W>[]> {
    const entries: Wanted<W>[] = [];
    for await (const page of this.#backend.scan(this.ctx, namespace, range, options)) {
      assert.ok(page.entries.length > 0, "no page of a scan may be empty");
      assert.equal(page.count, page.entries.length, "the count of a page is the number of its entries");
      entries.push(...page.entries);
    }
    return entries;
  }

  /** The stored keys of a range as a scan gives them. */
  async keys(range: KeyRange = EVERYTHING, options: ScanOptions = {}, namespace = ""): Promise<StoredKey[]> {
    return (await this.scan(range, options, namespace)).map(({ key }) => key);
  }

  async count(range: KeyRange = EVERYTHING, namespace = "", limit?: number): Promise<number> {
    const options = limit === undefined ? {} : { limit };
    let pages = 0;
    let count = 0;
    for await (const page of this.#backend.scan(this.ctx, namespace, range, { want: "count", ...options })) {
      assert.equal(page.entries.length, 0, "a count gives no entries");
      pages += 1;
      count = page.count;
    }
    assert.equal(pages, 1, "a count gives one page");
    return count;
  }

  /** The check that a range still holds what it holds now. */
  async rangeCheck(range: KeyRange, namespace = ""): Promise<RangeCheck> {
    const sum = new DigestSum(this.#backend.info.entryHash);
    for (const entry of await this.scan(range, { want: "headers" }, namespace))
      sum.add(entry.key, entry.version);
    return { range, count: sum.count, digest: sum.digest };
  }

  /** The changes after a position, which must not be lost. */
  async changes(after?: Position, limit = 10_000, namespace = ""): Promise<readonly Change[]> {
    const result = await this.#backend.changes(this.ctx, namespace, after, { limit });
    assert.ok(!result.lost, "the changes must not be lost");
    return result.changes;
  }

  async position(namespace = ""): Promise<Position> {
    return (await this.#backend.read(this.ctx, namespace, [])).position;
  }

  async now(): Promise<number> {
    return (await this.#backend.read(this.ctx, "", [])).now;
  }

  async namespaces(): Promise<string[]> {
    const names: string[] = [];
    for await (const page of this.#backend.namespaces(this.ctx)) names.push(...page);
    return names;
  }
}

export function committed(result: CommitResult | undefined): Committed {
  if (result?.status === "fault") throw result.fault;
  assert.equal(result?.status, "committed");
  return result;
}

export function conflicted(result: CommitResult | undefined): Conflicted {
  assert.equal(result?.status, "conflict");
  return result;
}

/** The result must be a fault of this batch alone. */
export function faulted(result: CommitResult | undefined, reason: Reason): void {
  assert.equal(result?.status, "fault");
  assertFault(result.fault, reason);
}

export function assertFault(error: unknown, reason: Reason): void {
  assert.ok(error instanceof StorageFault, `a failure must be a StorageFault, not ${String(error)}`);
  assert.equal(error.reason, reason);
}

/** The call must reject with a fault of this reason. */
export async function rejects(reason: Reason, call: () => Promise<unknown>): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error !== undefined, `the call must reject with ${reason}, but it resolved`);
  assertFault(error, reason);
}

/** Takes the first page only. */
export async function firstOf<T>(pages: AsyncIterable<T>): Promise<T | undefined> {
  for await (const page of pages) return page;
  return undefined;
}
