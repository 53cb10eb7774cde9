import type { Put, Write } from "../../backends/backend.js";
import type { Context } from "../../core/context.js";
import type { Payload } from "../../core/entry.js";
import { quoteName, StorageFault, type OperationDetails } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";
import { compareKeys } from "../../core/key.js";
import { asOperation, asSequence } from "../../core/operation.js";
import { DigestSum } from "../../core/range-digest.js";
import { EVERYTHING, inRange, type KeyRange } from "../../core/range.js";
import { settleWithin } from "../../core/settle-within.js";
import type { KeyRing } from "../../sealing/key-ring.js";
import { CommitRequest } from "../../transaction/commit-request.js";
import { holdsAny } from "../holds-any.js";
import { ProgressTeller } from "../progress-teller.js";
import type { Stack } from "../stack.js";
import { BackupChain, onLine } from "./backup-chain.js";
import type { BackupEntry, BackupRecord } from "./backup-record.js";
import { EntryBatches } from "./entry-batches.js";
import { FreshIncarnations } from "./fresh-incarnations.js";
import { RESTORE_MARKER } from "../marks.js";
import { restoreMarker } from "./restore-marker.js";
import type { RestorePlan, RestoreProgress, RestoreResult } from "./restore-options.js";

export interface RestoreSetup {
  readonly fs: FileSystem;
  readonly stack: Stack;
  readonly ctx: Context;
  readonly plan: RestorePlan;
}

/** A namespace of the backup, and the one of the store that it becomes. */
interface Move {
  readonly from: string;
  readonly to: string;
  /** The clock of the backup there. */
  readonly now: number;
}

interface PlacedRecord {
  readonly record: BackupRecord;
  readonly at: { readonly file: string; readonly index: number };
}

/** Writes what a backup holds into a store, once all of it was found to be whole. */
export async function restoreStore(setup: RestoreSetup, source: string): Promise<RestoreResult> {
  const { stack, plan, fs } = setup;
  const keys = plan.keys === undefined ? stack.keys : stack.keys.joined(plan.keys);
  const chain = await asOperation(reading(setup), () => BackupChain.open({ fs, keys }, source));
  return new RestoreRun(setup, chain, keys).carryOut();
}

/** What fails at the files of the backup is a failed read. */
function reading({ stack: { backend } }: RestoreSetup): OperationDetails {
  return { operation: "restore", access: "read", backend: backend.info.name };
}

/** One restore on its way. */
class RestoreRun {
  readonly #setup: RestoreSetup;
  readonly #chain: BackupChain;
  readonly #keys: KeyRing;
  readonly #incarnations = new FreshIncarnations();
  readonly #teller: ProgressTeller<RestoreProgress>;
  #records = 0;

  constructor(setup: RestoreSetup, chain: BackupChain, keys: KeyRing) {
    this.#setup = setup;
    this.#chain = chain;
    this.#keys = keys;
    this.#teller = new ProgressTeller(setup.stack.runtime.clock, setup.plan.onProgress);
  }

  async carryOut(): Promise<RestoreResult> {
    const { plan, ctx, stack } = this.#setup;
    const moves = this.#moves();
    for (const move of moves) await this.#check(move);
    await settleWithin(ctx, stack.services.pump.drained());
    const others = await this.#others(moves);
    const occupied = plan.replace && !plan.dryRun ? [] : await this.#occupied(moves, others);
    const [first] = occupied;
    if (first !== undefined && !plan.dryRun) throw notEmpty(first);
    const phase = plan.dryRun ? "checking" : "writing";
    if (!plan.dryRun) await this.#write(moves, others);
    const last = { phase, namespace: moves.at(-1)?.from ?? "", records: this.#records, done: true } as const;
    await this.#teller.finish(last);
    const { id, createdAt } = this.#chain.manifest;
    return { id, createdAt, namespaces: moves.map(({ to }) => to), records: this.#records, occupied };
  }

  #moves(): Move[] {
    const { namespaces } = this.#chain.manifest;
    const { only } = this.#setup.plan;
    const all = namespaces.map(({ namespace, now }) => ({ from: namespace, to: namespace, now }));
    if (only === undefined) return all.sort((a, b) => compareKeys(a.to, b.to));
    const known = all.find(({ from }) => from === only.from);
    if (known !== undefined) return [{ ...known, to: only.to }];
    const message = `the backup holds no namespace ${quoteName(only.from)}; it holds ${namesIn(all)}`;
    throw new StorageFault("invalid-namespace", message);
  }

  /** The namespaces of the store that the backup does not know and the restore is to empty, or to find empty. */
  async #others(moves: readonly Move[]): Promise<string[]> {
    const { plan, stack, ctx } = this.#setup;
    const others: string[] = [];
    if (plan.only !== undefined) return others;
    const known = new Set(moves.map(({ to }) => to));
    for await (const names of stack.backend.namespaces(ctx))
      others.push(...names.filter((name) => !known.has(name)));
    return others;
  }

  /** Reads everything, and whether the store has the keys for it and takes it. */
  async #check(move: Move): Promise<void> {
    const { maxValueBytes } = this.#setup.stack.backend.info.limits;
    for await (const { record, at } of this.#recordsOf(move, "checking")) {
      if (record.kind === "delete-range") this.#incarnations.range(record.range);
      if (record.kind !== "put") continue;
      const { data } = onLine(at.file, at.index, () => this.#opened(move.from, record.entry));
      const bytes = Buffer.byteLength(data);
      if (bytes <= maxValueBytes) continue;
      const message = `a value of the backup has ${bytes} bytes; this store takes up to ${maxValueBytes}`;
      throw new StorageFault("too-large", message, { namespace: move.to });
    }
  }

  /** The namespaces of the store that are not empty, of those that are restored into or emptied. */
  async #occupied(moves: readonly Move[], others: readonly string[]): Promise<string[]> {
    const { stack, ctx } = this.#setup;
    const occupied: string[] = [];
    for (const namespace of [...others, ...moves.map(({ to }) => to)].sort(compareKeys))
      if (await holdsAny(stack.backend, ctx, namespace, EVERYTHING)) occupied.push(namespace);
    return occupied;
  }

  /** Every namespace is marked before the first entry is written, and until the last one is. */
  async #write(moves: readonly Move[], others: readonly string[]): Promise<void> {
    for (const { to } of moves) await this.#begin(to);
    for (const name of others) await this.#empty(name);
    this.#records = 0;
    for (const move of moves) await this.#fill(move);
    for (const { to } of moves) await this.#commit(to, [{ kind: "delete", key: RESTORE_MARKER }]);
  }

  /** Marks a namespace, which nobody may have written to since it was found empty. */
  async #begin(namespace: string): Promise<void> {
    const clear: Write[] = this.#setup.plan.replace ? [{ kind: "delete-range", range: EVERYTHING }] : [];
    await this.#commit(namespace, [...clear, this.#mark]);
  }

  async #empty(namespace: string): Promise<void> {
    if (this.#setup.plan.replace)
      await this.#commit(namespace, [{ kind: "delete-range", range: EVERYTHING }]);
  }

  async #fill(move: Move): Promise<void> {
    const { stack, ctx } = this.#setup;
    const batches = new EntryBatches(stack, ctx, move.to);
    for await (const { record } of this.#recordsOf(move, "writing")) {
      if (record.kind === "delete-range") await this.#deleteRange(batches, record.range);
      else if (record.kind === "put") await this.#put(batches, record, move);
      else if (record.key !== RESTORE_MARKER) await batches.delete(this.#incarnations.key(record.key));
    }
    await batches.flush();
  }

  /** The mark stays, also where the namespace was emptied while it was backed up. */
  #deleteRange(batches: EntryBatches, removed: KeyRange): Promise<void> {
    const range = this.#incarnations.range(removed);
    return batches.deleteRange(range, inRange(RESTORE_MARKER, range) ? [this.#mark] : []);
  }

  get #mark(): Put {
    return restoreMarker(this.#chain.manifest.id);
  }

  /** What had expired when the backup was made is not put, and takes what an earlier record put. */
  async #put(
    batches: EntryBatches,
    { entry }: BackupRecord & { kind: "put" },
    { from, now }: Move,
  ): Promise<void> {
    const { type, expiresAt, incarnation } = entry;
    const key = this.#incarnations.key(entry.key);
    if (expiresAt !== undefined && expiresAt <= now) return batches.delete(key);
    const expiry = expiresAt === undefined ? undefined : { at: expiresAt };
    const { codec, data } = this.#opened(from, entry);
    const whose = incarnation === undefined ? {} : { incarnation: this.#incarnations.of(incarnation) };
    await batches.put({ kind: "put", key, type, codec, data, expiry, ...whose });
  }

  #opened(namespace: string, entry: BackupEntry): Payload {
    const { backend } = this.#setup.stack;
    return backend.openStored(namespace, entry, this.#keys);
  }

  async *#recordsOf({ from }: Move, phase: RestoreProgress["phase"]): AsyncGenerator<PlacedRecord> {
    const { ctx } = this.#setup;
    for await (const { file, records } of asSequence(reading(this.#setup), () => this.#chain.records(from))) {
      for (const [index, record] of records.entries()) {
        const over = ctx.err();
        if (over !== undefined) throw over;
        yield { record, at: { file, index } };
        this.#records += 1;
        await this.#teller.tell(() => ({ phase, namespace: from, records: this.#records, done: false }));
      }
    }
  }

  async #commit(namespace: string, writes: readonly Write[]): Promise<void> {
    const { stack, ctx, plan } = this.#setup;
    const { pump, versions } = stack.services;
    const isFirst = !plan.replace && writes.some(({ kind }) => kind === "put");
    const { digest } = new DigestSum(stack.backend.info.entryHash);
    const ranges = isFirst ? [{ range: EVERYTHING, count: 0, digest }] : [];
    const request = new CommitRequest(versions.next(), ctx, namespace, writes, [], ranges);
    const { status } = await pump.submit(request);
    if (status === "conflict") throw notEmpty(namespace);
  }
}

function notEmpty(namespace: string): StorageFault {
  const message =
    "it is not empty; restore into an empty store, or give replace: true to have what it holds removed first";
  return new StorageFault("not-empty", message, { namespace });
}

const NAMES_SHOWN = 5;

function namesIn(moves: readonly Move[]): string {
  const names = moves.slice(0, NAMES_SHOWN).map(({ from }) => quoteName(from));
  const more = moves.length - names.length;
  if (names.length === 0) return "none";
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
