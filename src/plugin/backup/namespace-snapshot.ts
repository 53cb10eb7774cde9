import type { Backend, Position, ReadResult } from "../../backends/backend.js";
import type { Context } from "../../core/context.js";
import type { StoredHeader } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { EVERYTHING } from "../../core/range.js";
import type { Version } from "../../core/version.js";
import { entryChunks } from "../entry-chunks.js";
import type { BackupRecord } from "./backup-record.js";
import { logLost, readLog, Touched, type LogPage } from "./log-page.js";

/** A commit of a namespace, and the backend's clock when its state was read. */
export interface SnapshotPoint {
  readonly position: Position;
  readonly now: number;
}

export interface SnapshotSetup {
  readonly backend: Backend;
  readonly ctx: Context;
  readonly namespace: string;
  /** Takes the records in their order. */
  readonly write: (record: BackupRecord) => Promise<void>;
}

/** How often the last step is tried while others write, and how much it may read at once. */
const SETTLE_ATTEMPTS = 100;
const SETTLE_KEYS = 4096;
const SETTLE_BYTES = 64 * 1024 * 1024;

/**
 * Reads a namespace while others write to it, as records that together give its state at exactly one commit.
 *
 * Entries are always read after the log that named them, and their records written in the order of the reads, so the
 * last record of a key is what it was at some moment since its last change that is known of. The last step finds a
 * moment at which that is true of all keys: see docs/decisions/0041-backup.md.
 */
export class NamespaceSnapshot {
  readonly #setup: SnapshotSetup;

  constructor(setup: SnapshotSetup) {
    this.#setup = setup;
  }

  /** Reads everything. */
  scan(): Promise<SnapshotPoint> {
    return this.#walk(() => true);
  }

  /** Reads what is not in `base`, by version, and what is in it alone. `base` is used up. */
  difference(base: Map<StoredKey, Version>): Promise<SnapshotPoint> {
    const differs = ({ key, version }: StoredHeader) => {
      const known = base.get(key);
      base.delete(key);
      return known !== version;
    };
    return this.#walk(differs, () => base.keys());
  }

  /** Reads what was changed after a position. */
  since(position: Position): Promise<SnapshotPoint> {
    return this.#settle(position);
  }

  /** The log is followed on the way, so that it need not reach back to the beginning. */
  async #walk(
    isWanted: (header: StoredHeader) => boolean,
    leftOver: () => Iterable<StoredKey> = () => [],
  ): Promise<SnapshotPoint> {
    const { backend, ctx, namespace } = this.#setup;
    let { position: at } = await this.#read([]);
    for await (const { entries } of backend.scan(ctx, namespace, EVERYTHING, { want: "headers" })) {
      for (const keys of entryChunks(entries.filter(isWanted))) {
        await this.#writeLive(keys);
        at = await this.#follow(await this.#log(at));
      }
      at = await this.#follow(await this.#log(at));
    }
    for (const keys of pieces(leftOver())) {
      await this.#writeCurrent(keys);
      at = await this.#follow(await this.#log(at));
    }
    return this.#settle(at);
  }

  /**
   * Follows the log to its end, until the entries that the last stretch of it named are known as of one commit.
   *
   * @throws StorageFault `outrun` when others write faster than can be followed.
   */
  async #settle(from: Position): Promise<SnapshotPoint> {
    const goal = (await this.#read([])).position.ordinal;
    let at = from;
    for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt += at.ordinal < goal ? 0 : 1) {
      const page = await this.#log(at);
      const fits = page.isWhole && (await this.#fits([...new Touched(page.changes).keys]));
      const point = fits ? await this.#settleAt(page) : undefined;
      if (point !== undefined) return point;
      at = fits ? page.position : await this.#follow(page);
    }
    const message = "others write faster than the backup can follow; back up at a quieter time";
    throw new StorageFault("outrun", message, { namespace: this.#setup.namespace });
  }

  /**
   * Reads the entries of the log's last stretch at once, at a position Q, and looks what was committed between the end
   * of the stretch and Q. The state at Q is known when nothing was but to these keys, or when what other keys held
   * at Q can still be read. Otherwise undefined, and what was read is written like every stretch.
   */
  async #settleAt(page: LogPage): Promise<SnapshotPoint | undefined> {
    const { keys, ranges } = new Touched(page.changes);
    const { entries, now, position } = await this.#read([...keys]);
    if (position.ordinal < page.position.ordinal) throw logLost(this.#setup.namespace);
    const isEnd = position.ordinal === page.position.ordinal;
    const late = isEnd ? { ...page, changes: [] } : await this.#log(page.position, position);
    const before = new Touched(late.changes.filter((change) => change.position.ordinal <= position.ordinal));
    const unknown = [...before.keys].filter((key) => !keys.has(key));
    const known = late.isWhole ? await this.#stillAt(position, unknown, late) : undefined;
    for (const range of known === undefined ? ranges : [...ranges, ...before.ranges])
      await this.#setup.write({ kind: "delete-range", range });
    await this.#writeEntries([...keys], entries);
    if (known === undefined) return undefined;
    await this.#writeEntries(unknown, known);
    return { position, now };
  }

  /** What keys held at an earlier position; undefined when one of them was changed since, or they are too large. */
  async #stillAt(
    position: Position,
    keys: readonly StoredKey[],
    late: LogPage,
  ): Promise<ReadResult["entries"] | undefined> {
    if (keys.length === 0) return [];
    const isAfter = ({ position: { ordinal } }: { readonly position: Position }) =>
      ordinal > position.ordinal;
    if (touchesAny(new Touched(late.changes.filter(isAfter)), keys) || !(await this.#fits(keys)))
      return undefined;
    const read = await this.#read(keys);
    if (read.position.ordinal === late.position.ordinal) return read.entries;
    const since = await this.#log(late.position, read.position);
    return since.isWhole && !touchesAny(new Touched(since.changes), keys) ? read.entries : undefined;
  }

  /** Whether entries may be read at once. */
  async #fits(keys: readonly StoredKey[]): Promise<boolean> {
    if (keys.length === 0) return true;
    if (keys.length > SETTLE_KEYS) return false;
    const { backend, ctx, namespace } = this.#setup;
    const { entries } = await backend.read(ctx, namespace, keys, { want: "headers" });
    return entries.reduce((sum, entry) => sum + (entry?.size ?? 0), 0) <= SETTLE_BYTES;
  }

  /** Writes what a stretch of the log changed, as it is by now; where the stretch ends. */
  async #follow({ changes, position }: LogPage): Promise<Position> {
    const { keys, ranges } = new Touched(changes);
    for (const range of ranges) await this.#setup.write({ kind: "delete-range", range });
    for (const some of pieces(keys)) await this.#writeCurrent(some);
    return position;
  }

  /** Writes what keys hold, or that they hold nothing. */
  async #writeCurrent(keys: readonly StoredKey[]): Promise<void> {
    const { backend, ctx, namespace, write } = this.#setup;
    const { entries } = await backend.read(ctx, namespace, keys, { want: "headers" });
    const absent = keys.filter((_key, i) => entries[i] === undefined);
    for (const key of absent) await write({ kind: "delete", key });
    const present = entries.filter((entry) => entry !== undefined);
    for (const some of entryChunks(present)) await this.#writeEntries(some, (await this.#read(some)).entries);
  }

  /** Writes those of `keys` that are still there: who removed the others stands in the log. */
  async #writeLive(keys: readonly StoredKey[]): Promise<void> {
    const { entries } = await this.#read(keys);
    for (const entry of entries) if (entry !== undefined) await this.#setup.write({ kind: "put", entry });
  }

  async #writeEntries(keys: readonly StoredKey[], entries: ReadResult["entries"]): Promise<void> {
    for (const [i, key] of keys.entries()) {
      const entry = entries[i];
      await this.#setup.write(entry === undefined ? { kind: "delete", key } : { kind: "put", entry });
    }
  }

  #read(keys: readonly StoredKey[]): Promise<ReadResult> {
    const { backend, ctx, namespace } = this.#setup;
    return backend.read(ctx, namespace, keys, { once: true });
  }

  #log(after: Position, until?: Position): Promise<LogPage> {
    const { backend, ctx, namespace } = this.#setup;
    return readLog(backend, ctx, namespace, after, until);
  }
}

function touchesAny(touched: Touched, keys: readonly StoredKey[]): boolean {
  return keys.some((key) => touched.has(key));
}

const PIECE_KEYS = 512;

function* pieces(keys: Iterable<StoredKey>): Generator<StoredKey[]> {
  let piece: StoredKey[] = [];
  for (const key of keys) {
    piece.push(key);
    if (piece.length < PIECE_KEYS) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
