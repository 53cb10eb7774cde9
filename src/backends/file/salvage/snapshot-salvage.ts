import type { FileSystem } from "../../../core/file-system.js";
import { StorageFault } from "../../../core/errors.js";
import { DamageFault } from "../damage-fault.js";
import type { PartSeal, SnapshotState } from "../snapshot-format.js";
import { readIfPresent } from "../snapshot-reader.js";
import type { StoreFile, StoreLayout } from "../store-layout.js";
import { DocumentSalvage, type DocumentSalvageSetup, type LostEntry } from "./document-salvage.js";
import { salvageDocument, type SalvagedDocument } from "./salvaged-document.js";

export interface SnapshotSalvageSetup extends DocumentSalvageSetup {
  readonly fs: FileSystem;
  readonly layout: StoreLayout;
  /** The files of the store beside the snapshot. */
  readonly files: readonly StoreFile[];
}

/** What the header of a snapshot says, as far as a salvage needs it. */
export interface SalvagedState extends Pick<SnapshotState, "store" | "epoch" | "sequence"> {
  /** Whether the document that says it is whole. */
  readonly isProven: boolean;
}

/** Loads what is whole of a snapshot and its parts. */
export class SnapshotSalvage {
  readonly #setup: SnapshotSalvageSetup;
  readonly #lost: LostEntry[] = [];

  constructor(setup: SnapshotSalvageSetup) {
    this.#setup = setup;
  }

  /**
   * @returns undefined when there is no snapshot.
   * @throws DamageFault when its header cannot be read.
   */
  async carryOut(): Promise<SalvagedState | undefined> {
    const { fs, layout, breather } = this.#setup;
    const stored = await readIfPresent(fs, layout.snapshot);
    if (stored === undefined) return undefined;
    const main = await this.#explained(() => salvageDocument(stored, layout.snapshot, breather));
    // Of a part it can only be damage: the snapshot that names it has this format.
    if (main.flaw?.corruption === "newer-format") throw main.flaw;
    const state = stateOf(main);
    if (state === undefined) throw this.#beyond(main.flaw);
    if (main.flaw === undefined) this.#restorePositions(main.header as SnapshotState);
    await this.#load(main);
    for (const [index, seal] of this.#seals(main, state).entries()) await this.#part(state, index + 1, seal);
    this.#standIn();
    return state;
  }

  #restorePositions({ positions, now }: SnapshotState): void {
    for (const [namespace, ordinal, id] of positions)
      this.#setup.store.restorePosition(namespace, { ordinal, id }, now);
  }

  async #load(document: SalvagedDocument): Promise<void> {
    for (const entry of await new DocumentSalvage(this.#setup, document).carryOut()) this.#lost.push(entry);
  }

  /** The parts that there must be; those whose seal cannot be read are found by their names. */
  #seals({ parts }: SalvagedDocument, { epoch }: SalvagedState): readonly (PartSeal | undefined)[] {
    if (parts !== undefined) return parts;
    const { files, layout } = this.#setup;
    const paths = new Set(files.map((file) => file.path));
    let number = 0;
    while (paths.has(layout.part(epoch, number + 1))) number += 1;
    return Array.from({ length: number }, () => undefined);
  }

  async #part(state: SalvagedState, number: number, seal: PartSeal | undefined): Promise<void> {
    const path = this.#setup.layout.part(state.epoch, number);
    const held = seal === undefined ? "its entries are" : `its ${seal.count} entries are`;
    try {
      const stored = await readable(path, () => readIfPresent(this.#setup.fs, path));
      if (stored === undefined)
        throw new DamageFault("truncated", path, 0, "this part of the snapshot is missing");
      const part = await salvageDocument(stored, path, this.#setup.breather);
      if (!belongs(part, state, number, seal))
        throw new DamageFault("checksum", path, 0, "it is not the part that the snapshot names");
      await this.#load(part);
    } catch (error) {
      if (!(error instanceof DamageFault)) throw error;
      const { corruption, offset, flaw } = error;
      this.#setup.losses.add(new DamageFault(corruption, path, offset, `${flaw}; ${held} lost`));
    }
  }

  /** Puts entries in the place of those that are lost; what a journal does to such a key later makes up for the loss. */
  #standIn(): void {
    const { store } = this.#setup;
    for (const { namespace, entry } of this.#lost) {
      if (store.held(namespace, entry.key) === undefined) store.restore(namespace, [entry]);
    }
  }

  async #explained<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw error instanceof DamageFault ? this.#beyond(error) : error;
    }
  }

  #beyond(flaw: DamageFault | undefined): DamageFault {
    const { layout, files } = this.#setup;
    const backups = files.filter((file) => file.kind === "backup").sort((a, b) => b.epoch - a.epoch);
    const [newest] = backups;
    const instead =
      newest === undefined
        ? "no earlier snapshot stands beside it (backup_count)"
        : `${newest.path} is an earlier snapshot, which can be put in its place`;
    const what = flaw?.flaw ?? "it is not a snapshot but another file of a store";
    const text = `${what}; without its header nothing can be salvaged; ${instead}`;
    return new DamageFault(flaw?.corruption ?? "foreign", layout.snapshot, flaw?.offset ?? 0, text);
  }
}

function stateOf({ header, flaw }: SalvagedDocument): SalvagedState | undefined {
  if (header?.holdfast !== "snapshot") return undefined;
  const { store, epoch, sequence } = header;
  if (typeof store !== "string" || !isNumber(epoch) || !isNumber(sequence)) return undefined;
  return { store, epoch, sequence, isProven: flaw === undefined };
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Whether a part is of this snapshot, and not of an earlier one: by its checksum, or, where that or the seal that
 * names it is damaged, by its own header and its length.
 */
function belongs(
  { header, flaw, crc, count, bytes }: SalvagedDocument,
  { store, epoch, isProven }: SalvagedState,
  number: number,
  seal: PartSeal | undefined,
): boolean {
  const isNamed =
    header?.holdfast === "part" && header.store === store && header.epoch === epoch && header.part === number;
  if (flaw !== undefined) return isNamed || seal?.bytes === bytes.length;
  if (seal === undefined || seal.crc === crc) return isNamed;
  return !isProven && isNamed && seal.count === count && seal.bytes === bytes.length;
}

/** What a disk does not give back counts as damaged. */
export async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DamageFault || !(error instanceof StorageFault) || error.reason !== "io")
      throw error;
    throw new DamageFault("truncated", path, 0, "it cannot be read", { cause: error });
  }
}
