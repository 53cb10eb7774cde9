import { ENTRY_TYPE } from "../../../core/entry.js";
import { isHead } from "../../../core/key.js";
import type { Breather } from "../../files/breather.js";
import { isLive, storedEntry, type LocalEntry } from "../../local/local-entry.js";
import type { LocalStore } from "../../local/local-store.js";
import { DamageFault } from "../damage-fault.js";
import type { Losses } from "./losses.js";
import { LostOrigin } from "./lost-origin.js";
import type { SalvagedDocument } from "./salvaged-document.js";
import { salvageLine, type LineClaim } from "./salvaged-line.js";

export interface DocumentSalvageSetup {
  readonly store: LocalStore;
  readonly losses: Losses;
  readonly breather: Breather;
}

/** An entry that stands for a line which was lost. */
export interface LostEntry {
  readonly namespace: string;
  readonly entry: LocalEntry;
}

const NEWLINE = 0x0a;

/** Loads the lines of one document that are whole, one by one. */
export class DocumentSalvage {
  readonly #setup: DocumentSalvageSetup;
  readonly #document: SalvagedDocument;
  readonly #origins = new Map<string, LostOrigin>();
  readonly #lost: LostEntry[] = [];
  /** Where the lines began of which nothing is known and after which none was whole yet. */
  #rubbishFrom: number | undefined;
  #whole = 0;
  #deadlines = 0;
  #expired = 0;

  constructor(setup: DocumentSalvageSetup, document: SalvagedDocument) {
    this.#setup = setup;
    this.#document = document;
  }

  /** Tells what is lost. @returns an entry for each damaged line whose key can still be read. */
  async carryOut(): Promise<readonly LostEntry[]> {
    const { bytes, start, end } = this.#document;
    const { breather } = this.#setup;
    for (let at = start; at < end; ) {
      const newline = bytes.indexOf(NEWLINE, at);
      const lineEnd = newline === -1 || newline > end ? end : newline;
      this.#take(at, lineEnd);
      at = lineEnd + 1;
      if (breather.isDue) await breather.breathe();
    }
    this.#endRubbish(end);
    this.#tellDocument();
    return this.#lost;
  }

  #take(start: number, end: number): void {
    const line = salvageLine(this.#document.bytes, start, end);
    if (line.kind === "whole") {
      this.#endRubbish(start);
      this.#keep(line.namespace, line.entry);
    } else if (line.claim === undefined) {
      this.#rubbishFrom ??= start;
    } else {
      this.#endRubbish(start);
      this.#lost.push(this.#lostEntry(line.claim, start));
    }
  }

  #keep(namespace: string, entry: LocalEntry): void {
    const { store } = this.#setup;
    this.#whole += 1;
    if (entry.expiresAt !== undefined) this.#deadlines += 1;
    if (!isLive(entry, store.now())) this.#expired += 1;
    store.restore(namespace, [entry]);
  }

  #lostEntry({ namespace, key }: LineClaim, at: number): LostEntry {
    const type = isHead(key) ? ENTRY_TYPE.value : ENTRY_TYPE.part;
    let origin = this.#origins.get(namespace);
    if (origin === undefined) {
      origin = new LostOrigin(this.#document.file, namespace);
      this.#origins.set(namespace, origin);
    }
    return { namespace, entry: storedEntry({ key, counter: -1, type, codec: 0, origin, at }) };
  }

  #endRubbish(end: number): void {
    const from = this.#rubbishFrom;
    if (from === undefined) return;
    this.#rubbishFrom = undefined;
    const flaw = `up to byte ${end} there is no line that can be read`;
    this.#setup.losses.add(new DamageFault("checksum", this.#document.file, from, flaw));
  }

  #tellDocument(): void {
    const { file, flaw, count } = this.#document;
    if (flaw === undefined && count === this.#whole) return;
    const kept =
      count === undefined
        ? `${this.#whole} entries are whole, and how many it held cannot be read`
        : `${this.#whole} of the ${count} entries that it held are whole`;
    const what = flaw?.flaw ?? "lines cannot be read though the file's checksum is right";
    const text = [what, kept, ...this.#doubts()].join("; ");
    this.#setup.losses.add(new DamageFault(flaw?.corruption ?? "decode", file, flaw?.offset ?? 0, text));
  }

  /** Nothing but the checksum of the whole document covers a deadline. */
  #doubts(): readonly string[] {
    const doubts: string[] = [];
    if (this.#expired > 0)
      doubts.push(`${this.#expired} of them have a deadline that has passed, unless it is what was damaged`);
    if (this.#whole === this.#document.count && this.#deadlines > 0)
      doubts.push(`no line shows the damage, so that one of ${this.#deadlines} deadlines may be wrong`);
    return doubts;
  }
}
