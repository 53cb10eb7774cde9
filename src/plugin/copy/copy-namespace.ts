import { background } from "../../core/context.js";
import { FillMarker } from "../fill-marker.js";
import { headsOf, indexOf, itemsOf, toleranceMs, type CopyRun } from "./copy-run.js";
import { entryPairs, type EntryPair } from "./entry-pairs.js";
import { sameContent } from "./content-digest.js";
import type { EntryScope, LiveEntry } from "./live-entries.js";
import { TargetWriter } from "./target-writer.js";

/** Makes one namespace of the target hold what the source's holds. */
export class NamespaceCopy {
  readonly #run: CopyRun;
  readonly #namespace: string;
  readonly #writer: TargetWriter;
  readonly #marker: FillMarker;

  constructor(run: CopyRun, namespace: string) {
    this.#run = run;
    this.#namespace = namespace;
    this.#writer = new TargetWriter(run, namespace);
    this.#marker = new FillMarker(run.target.slot.stack, namespace);
  }

  async carryOut(): Promise<void> {
    try {
      await this.#copyAll();
    } catch (error) {
      // Nobody waits for it: the copy may have ended because the target does not answer.
      void this.#marker.remove(background()).catch(() => undefined);
      throw error;
    }
    await this.#run.target.call(this.#namespace, () => this.#marker.remove(this.#run.ctx));
    await this.#run.report.tell(this.#namespace);
  }

  async #copyAll(): Promise<void> {
    for await (const pair of entryPairs(this.#run, headsOf(this.#run, this.#namespace))) {
      await this.#copyHead(pair);
      await this.#run.report.tell(this.#namespace);
    }
    const index = indexOf(this.#run, this.#namespace);
    if (index !== undefined) await this.#copyIndex(index);
    await this.#writer.flush();
  }

  /** After the heads that they lead to. */
  async #copyIndex(index: EntryScope): Promise<void> {
    for await (const pair of entryPairs(this.#run, index)) {
      const { found, held } = pair;
      if (found === undefined && !this.#run.plan.prune) continue;
      if (found === undefined || held === undefined || !this.#isSame(found, held))
        await this.#writer.write(pair);
    }
  }

  async #copyHead({ found, held }: EntryPair): Promise<void> {
    const { source, report, plan } = this.#run;
    if (found !== undefined && source.leftMs(found) > 0) return this.#copyLive(found, held);
    if (found !== undefined) report.expired += 1;
    if (held !== undefined && plan.prune) await this.#writer.write({ found: undefined, held });
  }

  /** The items of a structure go before its head, so that nobody sees a head without them. */
  async #copyLive(found: LiveEntry, held: LiveEntry | undefined): Promise<void> {
    const { incarnation } = found.entry;
    const isSame = held !== undefined && this.#isSame(found, held);
    // Before its items are compared: those of one that was there before, and has expired, may be about to be dropped.
    if (incarnation !== undefined && !isSame) await this.#mark();
    const hasNewItems = incarnation !== undefined && (await this.#copyItems(incarnation));
    if (!isSame) await this.#writer.write({ found, held });
    else if (hasNewItems) this.#run.report.copied += 1;
    else this.#run.report.skipped += 1;
  }

  #mark(): Promise<void> {
    return this.#run.target.call(this.#namespace, () => this.#marker.set(this.#run.ctx));
  }

  /** False when the target has them all already, and no others. */
  async #copyItems(incarnation: string): Promise<boolean> {
    let hasChanged = false;
    for await (const pair of entryPairs(this.#run, itemsOf(this.#namespace, incarnation))) {
      const { found, held } = pair;
      if (found !== undefined && held !== undefined && sameContent(found.entry, held.entry)) continue;
      await this.#mark();
      await this.#writer.write(pair);
      hasChanged = true;
    }
    return hasChanged;
  }

  #isSame(found: LiveEntry, held: LiveEntry): boolean {
    if (!sameContent(found.entry, held.entry)) return false;
    const left = this.#run.source.leftMs(found);
    const heldFor = this.#run.target.leftMs(held);
    return left === heldFor || Math.abs(left - heldFor) <= toleranceMs(this.#run);
  }
}
