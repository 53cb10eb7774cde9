import type { FileSystem } from "../../core/file-system.js";
import { DamageFault } from "./damage-fault.js";
import type { JournalHeader } from "./journal-header.js";
import { replay, startOfJournal, type ReplayPoint } from "./journal-replay.js";
import { readIfPresent } from "./snapshot-reader.js";
import type { SnapshotState } from "./snapshot-format.js";
import type { StoreLayout } from "./store-layout.js";

/** A journal that counts. Frames after number `until` do not: the next journal says so. */
export interface ChainLink {
  readonly path: string;
  readonly bytes: Buffer;
  readonly header: JournalHeader;
  readonly start: ReplayPoint;
  readonly until: number;
}

/** What is known of the snapshot that journals go on from. */
type StateBefore = Pick<SnapshotState, "store" | "epoch" | "sequence">;

/** A journal that can be read. */
export interface FoundJournal {
  readonly path: string;
  readonly bytes: Buffer;
  readonly header: JournalHeader;
  readonly start: ReplayPoint;
}

/**
 * The journals that count together with a snapshot, oldest first: the one of its own epoch, and those that go on from
 * it. The newest decides, because whoever started it knew what was durable before. Others may only be left over from
 * an attempt that failed before its first frame.
 *
 * @param epochs the epochs of which there are journals.
 * @throws DamageFault when one is missing, damaged, or holds frames that no chain accounts for.
 */
export async function readChain(
  fs: FileSystem,
  layout: StoreLayout,
  state: SnapshotState,
  epochs: readonly number[],
): Promise<readonly ChainLink[]> {
  const found = new Map<number, FoundJournal>();
  for (const epoch of epochs) {
    const journal = await readJournal(fs, layout, state, epoch);
    if (journal !== undefined) found.set(epoch, journal);
  }
  const chain = linkBack(layout, state, found);
  refuseForks(chain, found);
  return chain;
}

/**
 * Reads a journal and its header; undefined when beginning it was interrupted.
 *
 * @throws DamageFault when it is missing, or its header is damaged.
 */
export async function readJournal(
  fs: FileSystem,
  layout: StoreLayout,
  state: StateBefore,
  epoch: number,
): Promise<FoundJournal | undefined> {
  const path = layout.journal(epoch);
  const bytes = await readIfPresent(fs, path);
  if (bytes === undefined) throw new DamageFault("truncated", path, 0, "this journal is missing");
  const start = startOfJournal(bytes, path, state.store, epoch);
  if (start.kind === "header") return { path, bytes, header: start.header, start: start.point };
  // The snapshot's own journal was durable before the snapshot counted; it may still have been cut off since.
  return epoch === state.epoch ? emptyJournal(path, state) : undefined;
}

function emptyJournal(path: string, { store, epoch, sequence }: StateBefore): FoundJournal {
  const header = { store, epoch, follows: epoch, after: sequence, late: false };
  return { path, bytes: Buffer.alloc(0), header, start: { offset: 0, sequence } };
}

/** Where the chain of journals begins. */
export interface ChainStart {
  readonly epoch: number;
  /** The number of the last frame that the snapshot contains; undefined when it is not known for certain. */
  readonly sequence: number | undefined;
}

/**
 * The chain that ends with the newest journal found.
 *
 * @throws DamageFault when it does not lead back to the snapshot.
 */
export function linkBack(
  layout: StoreLayout,
  start: ChainStart,
  found: ReadonlyMap<number, FoundJournal>,
): ChainLink[] {
  const chain: ChainLink[] = [];
  let until = Number.POSITIVE_INFINITY;
  for (let epoch = Math.max(start.epoch, ...found.keys()); ; ) {
    const journal = found.get(epoch);
    if (journal === undefined)
      throw new DamageFault("truncated", layout.journal(epoch), 0, "this journal is missing");
    chain.unshift({ ...journal, until });
    const { follows, after } = journal.header;
    if (epoch === start.epoch) {
      if (start.sequence === undefined || after === start.sequence) return chain;
      throw new DamageFault(
        "checksum",
        journal.path,
        0,
        `it goes on from frame ${after}, not from the snapshot's`,
      );
    }
    if (follows >= epoch)
      throw new DamageFault("checksum", journal.path, 0, "it follows itself or a later one");
    until = after;
    epoch = follows;
  }
}

function refuseForks(chain: readonly ChainLink[], found: ReadonlyMap<number, FoundJournal>): void {
  const linked = new Set(chain.map((link) => link.header.epoch));
  for (const [epoch, journal] of found) if (!linked.has(epoch)) refuseFork(journal);
}

/** @throws DamageFault when a journal beside the chain holds frames. */
export function refuseFork({ path, bytes, header, start }: FoundJournal): void {
  const first = replay(bytes, path, header, start).next();
  if (first.done !== true)
    throw new DamageFault("checksum", path, start.offset, "it holds frames beside the chain");
}
