import { DamageFault } from "../damage-fault.js";
import { linkBack, readJournal, refuseFork, type ChainLink, type FoundJournal } from "../journal-chain.js";
import { replay } from "../journal-replay.js";
import { replayLink, type RecoverySetup } from "../recovery.js";
import type { StoreFile } from "../store-layout.js";
import type { DocumentSalvageSetup } from "./document-salvage.js";
import { readable, type SalvagedState } from "./snapshot-salvage.js";

export interface JournalSalvageSetup extends DocumentSalvageSetup {
  readonly recovery: RecoverySetup;
  /** The files of the store beside the snapshot. */
  readonly files: readonly StoreFile[];
}

const NOT_APPLIED = "this frame and all commits after it were not applied";

/**
 * Applies the frames of the journals after a snapshot, in order, up to the first that is damaged or missing. A frame
 * after that is not applied even if it is whole: it may have been made from what the lost one did, and both together
 * would give a state that never was.
 */
export class JournalSalvage {
  readonly #setup: JournalSalvageSetup;
  readonly #state: SalvagedState;

  constructor(setup: JournalSalvageSetup, state: SalvagedState) {
    this.#setup = setup;
    this.#state = state;
  }

  async carryOut(): Promise<void> {
    const found = await this.#readAll();
    const chain = this.#chainOf(found);
    const linked = new Set(chain.map((link) => link.path));
    for (const journal of found.values())
      if (!linked.has(journal.path))
        await this.#isWhole(journal.path, undefined, async () => refuseFork(journal));
    const applied = await this.#apply(chain);
    // The one after those was told when it could not be gone through.
    for (const journal of chain.slice(applied + 1)) await this.#tellUnapplied(journal);
  }

  async #readAll(): Promise<Map<number, FoundJournal>> {
    const { files, recovery } = this.#setup;
    const { epoch } = this.#state;
    const later = files.filter((file) => file.kind === "journal" && file.epoch > epoch);
    const found = new Map<number, FoundJournal>();
    for (const number of new Set([epoch, ...later.map((file) => file.epoch)])) {
      const path = recovery.layout.journal(number);
      await this.#isWhole(path, "none of its commits was applied", async () => {
        const read = () => readJournal(recovery.fs, recovery.layout, this.#state, number);
        const journal = await readable(path, read);
        if (journal !== undefined) found.set(number, journal);
      });
    }
    return found;
  }

  /** The longest chain that leads back to the snapshot; takes journals that belong to none out of `found`. */
  #chainOf(found: Map<number, FoundJournal>): readonly ChainLink[] {
    const { epoch, sequence, isProven } = this.#state;
    // Where the header of the snapshot is not proven, that of the journal is: its checksum covers store and epoch.
    const start = { epoch, sequence: isProven ? sequence : undefined };
    while (found.size > 0) {
      try {
        return linkBack(this.#setup.recovery.layout, start, found);
      } catch (error) {
        if (!(error instanceof DamageFault)) throw error;
        const newest = Math.max(...found.keys());
        const { path } = found.get(newest) as FoundJournal;
        const flaw = `none of its commits was applied, for what it goes on from cannot be had: ${error.file}`;
        this.#setup.losses.add(new DamageFault(error.corruption, path, 0, flaw));
        found.delete(newest);
      }
    }
    return [];
  }

  /** @returns how many journals were applied whole. */
  async #apply(chain: readonly ChainLink[]): Promise<number> {
    const { recovery, store } = this.#setup;
    for (const [index, link] of chain.entries()) {
      const replayed = async () => void (await replayLink(recovery, link, store));
      if (!(await this.#isWhole(link.path, NOT_APPLIED, replayed))) return index;
    }
    return chain.length;
  }

  async #tellUnapplied({ path, bytes, header, start }: ChainLink): Promise<void> {
    await this.#isWhole(path, undefined, async () => {
      if (replay(bytes, path, header, start).next().done === true) return;
      const flaw = "none of its commits was applied, for the journal that it goes on from is damaged";
      throw new DamageFault("checksum", path, start.offset, flaw);
    });
  }

  /** Does something with a journal; damage is told, with what follows from it. */
  async #isWhole(path: string, consequence: string | undefined, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof DamageFault)) throw error;
      const { corruption, offset, flaw } = error;
      const text = consequence === undefined ? flaw : `${flaw}; ${consequence}`;
      this.#setup.losses.add(new DamageFault(corruption, path, offset, text));
      return false;
    }
  }
}
