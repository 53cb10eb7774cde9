import type { Context, Storage, Transaction } from "holdfast";

export interface AuditEvent {
  readonly number: number;
  readonly what: string;
  readonly at: Date;
  readonly process: number;
}

const DIGITS = 9;

/** What happened in this host, numbered without gaps, across restarts. */
export class AuditLog {
  readonly #storage: Storage;
  readonly #keep: number;

  /** @param keep how many events stay; older ones are dropped in the commit that adds one. */
  constructor(storage: Storage, keep: number) {
    this.#storage = storage;
    this.#keep = keep;
  }

  /** Resolves with the event once it is durable. */
  record(ctx: Context, what: string): Promise<AuditEvent> {
    return this.#storage.transact(ctx, async (tx) => {
      const number = await nextNumber(tx);
      const event = { number, what, at: new Date(), process: process.pid };
      await tx.set(keyOf(number), event);
      if (number > this.#keep) await tx.delete(keyOf(number - this.#keep));
      return event;
    });
  }

  /** The last events, newest first. */
  async latest(ctx: Context, limit: number): Promise<readonly AuditEvent[]> {
    const found = await this.#storage.find<AuditEvent>(ctx, "event:*", { limit, reverse: true });
    return [...found.values()];
  }

  find(ctx: Context, number: number): Promise<AuditEvent | undefined> {
    return this.#storage.getOr<AuditEvent, undefined>(ctx, keyOf(number), undefined);
  }
}

async function nextNumber(tx: Transaction): Promise<number> {
  const number = (await tx.getOr<number>("last-number", 0)) + 1;
  await tx.set("last-number", number);
  return number;
}

/** Padded, so that the order of keys is the order of numbers. */
function keyOf(number: number): string {
  return `event:${String(number).padStart(DIGITS, "0")}`;
}
