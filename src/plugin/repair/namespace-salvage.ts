import type { Context } from "../../core/context.js";
import { ENTRY_TYPE, type StoredEntry, type StoredHeader } from "../../core/entry.js";
import { KIND, userKey, type StoredKey } from "../../core/key.js";
import { HEADS, prefixRange, rangeBeyond, type KeyRange } from "../../core/range.js";
import { ItemAudit } from "../../structures/item-audit.js";
import { EntryBatches } from "../backup/entry-batches.js";
import { entryChunks } from "../entry-chunks.js";
import { FillMarker } from "../fill-marker.js";
import type { Stack } from "../stack.js";
import type { VerifyTeller } from "../verify-progress.js";
import { isDamage, type RepairTally } from "./repair-report.js";

export interface NamespaceSalvageSetup {
  readonly from: Stack;
  readonly into: Stack;
  readonly ctx: Context;
  readonly namespace: string;
  readonly tally: RepairTally;
  readonly teller: VerifyTeller;
}

/** Where a walk over keys could not go on. */
interface Stop {
  /** The last key before it. */
  readonly last: StoredKey | undefined;
  readonly error: unknown;
}

const KEYS_AT_ONCE = 512;

/** Salvages one namespace: plain values one by one, a structure with all of its items or not at all. */
export class NamespaceSalvage {
  readonly #setup: NamespaceSalvageSetup;
  readonly #batches: EntryBatches;
  readonly #marker: FillMarker;

  constructor(setup: NamespaceSalvageSetup) {
    this.#setup = setup;
    this.#batches = new EntryBatches(setup.into, setup.ctx, setup.namespace);
    this.#marker = new FillMarker(setup.into, setup.namespace);
  }

  async carryOut(): Promise<void> {
    const stop = await this.#walk(HEADS, false);
    if (stop !== undefined) await this.#walkBack(stop);
    await this.#batches.flush();
    await this.#marker.remove(this.#setup.ctx);
  }

  /** From the other end, as far as the place where the way there had ended. */
  async #walkBack({ last: after, error }: Stop): Promise<void> {
    const rest = after === undefined ? HEADS : rangeBeyond(HEADS, after, false);
    const stop = await this.#walk(rest, true);
    if (stop === undefined) return;
    const { namespace, tally } = this.#setup;
    const from = after === undefined ? {} : { after: userKey(after) };
    const to = stop.last === undefined ? {} : { before: userKey(stop.last) };
    tally.lost(error, { namespace, ...from, ...to });
  }

  /**
   * Salvages the heads of a range by their keys, which need nothing of what they stand for; undefined at the end. What
   * cannot be listed in one step is listed in smaller ones, down to a single key.
   */
  async #walk(range: KeyRange, reverse: boolean): Promise<Stop | undefined> {
    let last: StoredKey | undefined;
    for (let step = KEYS_AT_ONCE; ; ) {
      const rest: KeyRange = last === undefined ? range : rangeBeyond(range, last, reverse);
      try {
        const keys = await this.#list(rest, reverse, step);
        if (keys.length === 0) return undefined;
        await this.#salvageAll(keys);
        await this.#tell();
        last = keys.at(-1);
        step = Math.min(KEYS_AT_ONCE, step * 2);
      } catch (error) {
        if (!isDamage(error)) throw error;
        if (step === 1) return { last, error };
        step = Math.ceil(step / 8);
      }
    }
  }

  #tell(): Promise<void> {
    const { namespace, tally, teller } = this.#setup;
    return teller.tell(() => ({ phase: "salvaging", namespace, done: tally.report.salvaged }));
  }

  async #list(range: KeyRange, reverse: boolean, limit: number): Promise<StoredKey[]> {
    const { from, ctx, namespace } = this.#setup;
    const keys: StoredKey[] = [];
    for await (const { entries } of from.backend.scan(ctx, namespace, range, {
      want: "keys",
      reverse,
      limit,
    })) {
      for (const { key } of entries) keys.push(key);
    }
    return keys;
  }

  async #salvageAll(keys: readonly StoredKey[]): Promise<void> {
    const headers: StoredHeader[] = [];
    await this.#readEach(keys, async (some) => {
      const { from, ctx, namespace } = this.#setup;
      const { entries } = await from.backend.read(ctx, namespace, some, { want: "headers" });
      headers.push(...entries.filter((entry) => entry !== undefined));
    });
    for (const some of entryChunks(headers.filter((header) => this.#isMeasured(header)))) {
      const entries: StoredEntry[] = [];
      await this.#readEach(some, async (few) => void entries.push(...(await this.#read(few))));
      for (const entry of entries) await this.#keep(entry);
    }
  }

  /** The size of an entry that stands in a file is known when the value is read, which may fail. */
  #isMeasured(header: StoredHeader): boolean {
    try {
      return header.size >= 0;
    } catch (error) {
      this.#lose(error, header.key);
      return false;
    }
  }

  /** One that is damaged must not take its neighbours along: what cannot be read together is read one by one. */
  async #readEach(
    keys: readonly StoredKey[],
    read: (some: readonly StoredKey[]) => Promise<void>,
  ): Promise<void> {
    if (keys.length === 0) return;
    try {
      await read(keys);
    } catch (error) {
      if (keys.length > 1 && isDamage(error)) for (const key of keys) await this.#readEach([key], read);
      else this.#lose(error, keys[0] as StoredKey);
    }
  }

  async #read(keys: readonly StoredKey[]): Promise<readonly StoredEntry[]> {
    const { from, ctx, namespace } = this.#setup;
    const { entries } = await from.backend.read(ctx, namespace, keys);
    return entries.filter((entry) => entry !== undefined);
  }

  /** Keeps a head that can be decoded, with its items before it. */
  async #keep(head: StoredEntry): Promise<void> {
    const { from, ctx, namespace, tally } = this.#setup;
    const { key, type, incarnation } = head;
    try {
      if (type === ENTRY_TYPE.value) from.reader.decodeValue(namespace, head);
      // All of them are opened before the first is kept: a structure without one of its items is another structure.
      if (incarnation !== undefined) await this.#audit(head, incarnation);
    } catch (error) {
      return this.#lose(error, key);
    }
    if (incarnation !== undefined) {
      await this.#marker.set(ctx);
      await this.#eachItem(incarnation, (item) => this.#put(item));
    }
    await this.#put(head);
    tally.salvaged(namespace);
  }

  /** @throws StorageFault of damage when the head or an item does not open, or the items are not those that it says. */
  async #audit(head: StoredEntry, incarnation: string): Promise<void> {
    const content = this.#setup.from.payloads.decode(head);
    const audit = new ItemAudit({ type: head.type, incarnation, content });
    await this.#eachItem(incarnation, async (item) => {
      void item.data;
      audit.next(item);
    });
    audit.end();
  }

  async #eachItem(incarnation: string, take: (item: StoredEntry) => Promise<void>): Promise<void> {
    const { from, ctx, namespace } = this.#setup;
    const range = prefixRange(KIND.item + incarnation);
    for await (const { entries } of from.backend.scan(ctx, namespace, range, { want: "headers" })) {
      for (const keys of entryChunks(entries)) for (const item of await this.#read(keys)) await take(item);
    }
  }

  #put({ key, type, codec, data, expiresAt, incarnation }: StoredEntry): Promise<void> {
    const expiry = expiresAt === undefined ? undefined : { at: expiresAt };
    const whose = incarnation === undefined ? {} : { incarnation };
    return this.#batches.put({ kind: "put", key, type, codec, data, expiry, ...whose });
  }

  #lose(error: unknown, key: StoredKey): void {
    this.#setup.tally.lost(error, { namespace: this.#setup.namespace, key: userKey(key) });
  }
}
