import type { FileSystem } from "../../core/file-system.js";
import type { BackendSetup } from "../backend.js";
import type { Breather } from "../files/breather.js";
import { fileFault } from "../files/file-errors.js";
import type { LocalStore } from "../local/local-store.js";
import { DamageFault } from "./damage-fault.js";
import { readChain, type ChainLink } from "./journal-chain.js";
import { replay } from "./journal-replay.js";
import { readIfPresent, SnapshotReader } from "./snapshot-reader.js";
import type { StoreFile, StoreLayout } from "./store-layout.js";

export interface RecoverySetup {
  readonly fs: FileSystem;
  readonly layout: StoreLayout;
  readonly breather: Breather;
  readonly warn: BackendSetup["warn"];
}

/** What was found on the disk. */
export interface Recovered {
  /** The random id of the store. */
  readonly store: string;
  /** The epoch of the snapshot. */
  readonly snapshotEpoch: number;
  /** The epoch of the last journal that counts. */
  readonly epoch: number;
  /** The number of the last frame that counts. */
  readonly sequence: number;
  readonly snapshotBytes: number;
  /** Bytes of frames in all journals that count. */
  readonly journalBytes: number;
  readonly journals: number;
  /** The frames at the end that may have been read from memory but never have reached the disk. */
  readonly unsure: UnsureTail | undefined;
}

export interface UnsureTail {
  readonly path: string;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The files of a store in its folder. */
export async function listStore(fs: FileSystem, layout: StoreLayout): Promise<readonly StoreFile[]> {
  try {
    const names = await fs.readdir(layout.folder);
    return names.flatMap((name) => layout.classify(name) ?? []);
  } catch (error) {
    throw fileFault(error, `listing ${layout.folder}`);
  }
}

/**
 * Brings an empty engine to the state that the files hold: the snapshot, then the frames of the journals that count.
 * Reads only.
 *
 * @returns undefined when there is no store yet.
 * @throws DamageFault when a file is damaged; the engine is then of no use.
 */
export async function recover(
  setup: RecoverySetup,
  files: readonly StoreFile[],
  store: LocalStore,
): Promise<Recovered | undefined> {
  const { fs, layout, breather } = setup;
  const snapshot = await SnapshotReader.open(fs, layout, breather);
  if (snapshot === undefined) {
    await refuseRemains(fs, layout, files);
    return undefined;
  }
  await load(snapshot, store);
  const { state } = snapshot;
  const epochs = files
    .filter((file) => file.kind === "journal" && file.epoch > state.epoch)
    .map((file) => file.epoch);
  const chain = await readChain(fs, layout, state, [state.epoch, ...epochs]);
  const tail = await replayChain(setup, chain, store);
  const found = {
    store: state.store,
    snapshotEpoch: state.epoch,
    snapshotBytes: snapshot.bytes,
    journals: chain.length,
  };
  return { ...found, ...tail };
}

async function load(snapshot: SnapshotReader, store: LocalStore): Promise<void> {
  for (const [namespace, ordinal, id] of snapshot.state.positions) {
    store.restorePosition(namespace, { ordinal, id }, snapshot.state.now);
  }
  for await (const { namespace, entries } of snapshot.pages()) store.restore(namespace, entries);
}

type Tail = Pick<Recovered, "epoch" | "sequence" | "journalBytes" | "unsure">;

async function replayChain(
  setup: RecoverySetup,
  chain: readonly ChainLink[],
  store: LocalStore,
): Promise<Tail> {
  let tail: Tail = { epoch: 0, sequence: 0, journalBytes: 0, unsure: undefined };
  for (const link of chain) {
    const replayed = await replayLink(setup, link, store);
    tail = { ...replayed, journalBytes: tail.journalBytes + replayed.journalBytes };
  }
  return tail;
}

/**
 * Applies the frames of a journal that count.
 *
 * @throws DamageFault at the first that is damaged; those before it have been applied.
 */
export async function replayLink(setup: RecoverySetup, link: ChainLink, store: LocalStore): Promise<Tail> {
  const { path, bytes, header, start, until } = link;
  const frames = replay(bytes, path, header, start);
  let point = start;
  // The header, until there are frames: a journal is begun by whoever may die before syncing it.
  let lastFrameAt = 0;
  while (point.sequence < until) {
    const frame = frames.next();
    if (frame.done === true) {
      reportEnd(setup, link, point.sequence, frame.value.torn);
      break;
    }
    for (const commit of frame.value.commits) store.apply(commit);
    lastFrameAt = point.offset;
    point = frame.value.point;
    if (setup.breather.isDue) await setup.breather.breathe();
  }
  const from = header.late ? 0 : lastFrameAt;
  const unsure = { path, offset: from, bytes: bytes.subarray(from, point.offset) };
  return { epoch: header.epoch, sequence: point.sequence, journalBytes: point.offset, unsure };
}

/** @throws DamageFault when the journal ends before the frame from which the next one goes on. */
function reportEnd(setup: RecoverySetup, link: ChainLink, sequence: number, torn: boolean): void {
  const { path, bytes, until } = link;
  if (until !== Number.POSITIVE_INFINITY) {
    throw new DamageFault(
      "truncated",
      path,
      bytes.length,
      `it ends after frame ${sequence}, the next goes on from ${until}`,
    );
  }
  if (torn)
    setup.warn("the unfinished write at the end of a journal was dropped", { file: path, after: sequence });
}

/**
 * Without a snapshot there may be nothing but what an interrupted creation leaves: a journal without frames.
 *
 * @throws DamageFault when there is more.
 */
export async function refuseRemains(
  fs: FileSystem,
  layout: StoreLayout,
  files: readonly StoreFile[],
): Promise<void> {
  for (const { kind, path } of files) {
    if (kind === "leftover") continue;
    if (kind === "journal" && !holdsFrames(await readIfPresent(fs, path))) continue;
    throw new DamageFault("truncated", layout.snapshot, 0, `it is missing, but ${path} is there`);
  }
}

function holdsFrames(journal: Buffer | undefined): boolean {
  const newline = journal?.indexOf(0x0a) ?? -1;
  return newline !== -1 && journal !== undefined && journal.subarray(newline + 1).some((byte) => byte !== 0);
}
