import { StorageFault } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";
import type { Runtime } from "../../core/runtime.js";
import type { BackendSetup } from "../backend.js";
import { Breather, POLITE } from "../files/breather.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import type { HeldLock } from "../files/store-lock.js";
import type { LocalCommit } from "../local/local-commit.js";
import type { LocalStore } from "../local/local-store.js";
import { Journal } from "./journal.js";
import type { JournalHeader } from "./journal-header.js";
import { encodeCommits } from "./journal-record.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { SnapshotWriter, type SnapshotContent } from "./snapshot-writer.js";
import { removeStale } from "./stale-files.js";
import type { StoreLayout } from "./store-layout.js";

export interface StoreLogSetup {
  readonly fs: FileSystem;
  readonly layout: StoreLayout;
  readonly runtime: Runtime;
  readonly lock: HeldLock;
  readonly store: LocalStore;
  /** Whether a frame may be written before earlier ones are durable. */
  readonly late: boolean;
  /** Whether an append is durable when it resolves. */
  readonly sync: boolean;
  readonly compression: "none" | "gzip";
  readonly backupCount: number;
  readonly sizes: StoreSizes;
  readonly warn: BackendSetup["warn"];
}

/** Sizes that only tests and benchmarks have reason to change. */
export interface StoreSizes {
  /** Zeros made in advance at the end of a journal. */
  readonly segmentBytes: number;
  /** Where a snapshot is split. */
  readonly partBytes: number;
  /** Journals below this are not worth a snapshot. */
  readonly compactBytes: number;
}

/** Where a log goes on from. */
export interface LogStart {
  /** The random id of the store. */
  readonly store: string;
  /** Every epoch seen so far, whatever it was used for, is at most this. */
  readonly lastEpoch: number;
  /** The snapshot that counts; 0 when there is none yet. */
  readonly snapshotEpoch: number;
  readonly snapshotBytes: number;
  /** The journal to go on from, and its last frame. */
  readonly follows: number;
  readonly after: number;
  /** Of the journals that count. */
  readonly journalBytes: number;
  readonly journals: number;
}

/** Many openings leave many journals: a snapshot is due even when they are small. */
const MAX_JOURNALS = 16;

/**
 * The files of an open store: the snapshot and the journals that count with it. Callers see to it that `append`,
 * `sync`, `rotate` and `renew` come one at a time; a snapshot is written while appending goes on.
 */
export class StoreLog {
  readonly #setup: StoreLogSetup;
  readonly #store: string;
  #journal: Journal;
  #lastEpoch: number;
  #snapshotEpoch: number;
  #snapshotBytes: number;
  /** Of the journals before the current one. */
  #olderBytes: number;
  #olderJournals: number;
  /** Until a new snapshot is in place nothing more is acknowledged. */
  #inDoubt = false;
  /** Set once somebody else owns the store: nothing is written any more. */
  #fenced: StorageFault | undefined;

  private constructor(setup: StoreLogSetup, start: LogStart, journal: Journal) {
    this.#setup = setup;
    this.#store = start.store;
    this.#journal = journal;
    this.#lastEpoch = journal.header.epoch;
    this.#snapshotEpoch = start.snapshotEpoch;
    this.#snapshotBytes = start.snapshotBytes;
    this.#olderBytes = start.journalBytes;
    this.#olderJournals = start.journals;
  }

  /** Begins an epoch of its own, so that whatever a former owner may still write counts for nobody. */
  static async open(setup: StoreLogSetup, start: LogStart): Promise<StoreLog> {
    const { store, follows, after } = start;
    const epoch = start.lastEpoch + 1;
    const header = { store, epoch, follows, after, late: setup.late };
    const journal = await createJournal(setup, header).catch(async (error: unknown) => {
      if (!(error instanceof StorageFault && error.reason === "locked")) await dropJournal(setup, epoch);
      throw error;
    });
    const log = new StoreLog(setup, start, journal);
    try {
      if (start.snapshotEpoch === 0) await log.save(log.#capture());
      else await log.#tidy();
      return log;
    } catch (error) {
      await log.abandon();
      if ((await setup.fs.kind(setup.layout.snapshot).catch(() => "other")) === undefined)
        await dropJournal(setup, epoch);
      throw error;
    }
  }

  /** Bytes of frames since the snapshot. */
  get journalBytes(): number {
    return this.#olderBytes + this.#journal.bytes;
  }

  get snapshotBytes(): number {
    return this.#snapshotBytes;
  }

  /** Whether nothing can be acknowledged before {@link renew}. */
  get isInDoubt(): boolean {
    return this.#inDoubt || this.#journal.isPoisoned;
  }

  /** Whether the journals have outgrown the snapshot. */
  get isCompactionDue(): boolean {
    const { compactBytes } = this.#setup.sizes;
    if (this.#olderJournals >= MAX_JOURNALS) return true;
    return this.journalBytes > Math.max(compactBytes, this.#snapshotBytes);
  }

  /** One frame by one write, durable when every append is. */
  append(commits: readonly LocalCommit[]): Promise<void> {
    return this.#journal.append(encodeCommits(this.#journal.sequence + 1, commits));
  }

  /** Makes every frame durable. */
  sync(): Promise<void> {
    return this.#journal.sync();
  }

  /** Goes on in a new journal; the content up to here, for a snapshot that is to go with it. */
  async rotate(): Promise<SnapshotContent> {
    await this.#journal.sync();
    const old = this.#journal;
    await this.#begin(old.sequence);
    await old.abandon();
    return this.#capture();
  }

  /**
   * After a failure that left the journal in doubt: a new journal, and a new snapshot of what is known, before
   * anything more is acknowledged. May be tried again when it fails.
   */
  async renew(): Promise<void> {
    this.#inDoubt = true;
    const old = this.#journal;
    await this.#begin(old.durable);
    await old.abandon();
    await this.save(this.#capture());
    this.#inDoubt = false;
  }

  /**
   * Writes a snapshot and makes it the one that counts. Until the rename the earlier one counts, with every journal
   * since; from then on this one does, with the journals from its own epoch on.
   */
  async save({ state, entries }: SnapshotContent): Promise<void> {
    const { fs, layout, compression, sizes, runtime } = this.#setup;
    const next = layout.next(state.epoch, Buffer.from(runtime.random.bytes(9)).toString("base64url"));
    const { partBytes } = sizes;
    const expectedBytes = this.#snapshotBytes + this.journalBytes;
    const setup = { fs, layout, compression, partBytes, expectedBytes };
    const writer = new SnapshotWriter(setup, state, this.#breather());
    try {
      const bytes = await writer.write(entries, next);
      await this.#commit(next);
      this.#snapshotBytes = bytes;
    } catch (error) {
      await fs.unlink(next).catch(() => undefined);
      throw fileFault(error, `saving ${layout.snapshot}`);
    }
    this.#snapshotEpoch = state.epoch;
    this.#olderBytes = 0;
    this.#olderJournals = 0;
    await this.#tidy();
  }

  /**
   * Rejects once the store belongs to somebody else; from then on nothing more is acknowledged. The newest journal decides
   * which count, so only the owner may begin one.
   */
  async checkOwner(): Promise<void> {
    if (this.#fenced !== undefined) throw this.#fenced;
    if (!(await this.#setup.lock.isHeld())) throw this.#fence(takenOver());
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  /** Lets the files go without a word. */
  async abandon(): Promise<void> {
    await this.#journal.abandon();
  }

  async #begin(after: number): Promise<void> {
    await this.checkOwner();
    const { epoch: follows } = this.#journal.header;
    this.#lastEpoch += 1;
    const header = { store: this.#store, epoch: this.#lastEpoch, follows, after, late: this.#setup.late };
    const next = await createJournal(this.#setup, header).catch((error: unknown) =>
      this.#discard(header.epoch, error),
    );
    this.#olderBytes += this.#journal.bytes;
    this.#olderJournals += 1;
    this.#journal = next;
  }

  /**
   * A journal that could not be started may be on the disk all the same, and would cut off what the current one is
   * given from now on. When it cannot be removed for certain, the current one is not used any more.
   */
  async #discard(epoch: number, error: unknown): Promise<never> {
    const { fs, layout } = this.#setup;
    if (error instanceof StorageFault && error.reason === "locked") throw this.#fence(error);
    try {
      await removeIfPresent(fs, layout.journal(epoch));
      await fs.syncDir(layout.folder);
    } catch {
      this.#inDoubt = true;
    }
    throw error;
  }

  #fence(fault: StorageFault): StorageFault {
    this.#fenced = fault;
    this.#inDoubt = true;
    return fault;
  }

  #capture(): SnapshotContent {
    const { store } = this.#setup;
    const positions = store.positions().map(([name, { ordinal, id }]) => [name, ordinal, id] as const);
    const { epoch, after: sequence } = this.#journal.header;
    const state = { store: this.#store, epoch, sequence, now: store.now(), positions };
    return { state, entries: positions.map(([name]) => [name, store.entries(name)] as const) };
  }

  async #commit(next: string): Promise<void> {
    const { fs, layout, backupCount } = this.#setup;
    await this.checkOwner();
    if (backupCount > 0 && this.#snapshotEpoch > 0) await this.#keepBackup();
    await fs.rename(next, layout.snapshot);
    await fs.syncDir(layout.folder);
  }

  async #keepBackup(): Promise<void> {
    const { fs, layout } = this.#setup;
    try {
      await fs.link(layout.snapshot, layout.backup(this.#snapshotEpoch));
    } catch (error) {
      // A former attempt came this far.
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }

  /** What cannot be removed now is removed the next time. */
  async #tidy(): Promise<void> {
    const { fs, layout, backupCount, warn } = this.#setup;
    try {
      await removeStale(fs, layout, this.#snapshotEpoch, backupCount);
    } catch (error) {
      warn("files that no longer count could not be removed; they take space and nothing else", { error });
    }
  }

  #breather(): Breather {
    return new Breather(this.#setup.runtime.clock, POLITE, () => this.journalBytes);
  }
}

function createJournal(setup: StoreLogSetup, header: JournalHeader): Promise<Journal> {
  const { fs, layout, sync, sizes } = setup;
  return Journal.create(fs, layout.journal(header.epoch), header, { sync, segmentBytes: sizes.segmentBytes });
}

/** A journal of an opening that failed counts for nothing; on a full disk it would take room for ever. */
async function dropJournal({ fs, layout }: StoreLogSetup, epoch: number): Promise<void> {
  await fs.unlink(layout.journal(epoch)).catch(() => undefined);
}

function takenOver(): StorageFault {
  return new StorageFault("locked", "another process has taken over the store; close it and open it again");
}
