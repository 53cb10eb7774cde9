import { CORRUPTION_REASONS, StorageFault, type CorruptionReason } from "../../core/errors.js";

/** A key that could not be salvaged, or a stretch of keys of which nothing can be told. */
export interface LostPart {
  /** "" is the root. */
  readonly namespace: string;
  /** Absent for a stretch of keys, and for a whole namespace. */
  readonly key?: string;
  /** The last key before a stretch that can be read; absent: the stretch begins with the first key. */
  readonly after?: string;
  /** The first key after it that can be read; absent: it goes to the last key. */
  readonly before?: string;
  readonly reason: CorruptionReason;
  readonly message: string;
}

/** What a repair did. */
export interface RepairReport {
  /** Namespaces of which something was salvaged. */
  readonly namespaces: number;
  /** Keys that were read whole, found to be undamaged, decoded, and written to the other store. */
  readonly salvaged: number;
  /** How many parts were not. */
  readonly lostParts: number;
  /** The first thousand of them. */
  readonly lost: readonly LostPart[];
}

const MOST_NAMED = 1000;
const CORRUPTION: ReadonlySet<string> = new Set(CORRUPTION_REASONS);

/** Counts what is salvaged and what is lost. */
export class RepairTally {
  readonly #namespaces = new Set<string>();
  readonly #lost: LostPart[] = [];
  #salvaged = 0;
  #lostParts = 0;

  salvaged(namespace: string): void {
    this.#namespaces.add(namespace);
    this.#salvaged += 1;
  }

  /** Notes a loss. @throws `error` itself when it is not about damage: then nothing is known to be lost. */
  lost(error: unknown, where: Omit<LostPart, "reason" | "message">): void {
    if (!isDamage(error)) throw error;
    this.#lostParts += 1;
    if (this.#lost.length === MOST_NAMED) return;
    this.#lost.push({ ...where, reason: error.reason as CorruptionReason, message: error.message });
  }

  get report(): RepairReport {
    return {
      namespaces: this.#namespaces.size,
      salvaged: this.#salvaged,
      lostParts: this.#lostParts,
      lost: this.#lost,
    };
  }
}

/** Whether something was thrown because what is stored is damaged. */
export function isDamage(error: unknown): error is StorageFault {
  return error instanceof StorageFault && CORRUPTION.has(error.reason);
}
