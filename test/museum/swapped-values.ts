import type { openEnvelope, sealEnvelope } from "../../src/core/envelope.js";
import { StorageFault } from "../../src/core/errors.js";
import { headKey, type StoredKey } from "../../src/core/key.js";

/** How a value is kept as bytes. */
export interface ValueForm {
  readonly seal: typeof sealEnvelope;
  readonly open: typeof openEnvelope;
}

const PLACES: readonly (readonly [namespace: string, key: StoredKey])[] = [
  ["users", headKey("a")],
  ["users", headKey("b")],
  ["orders", headKey("a")],
];

/**
 * Keeps two values of one commit, under two keys of one namespace or one key of two, and swaps what is kept. How many
 * are believed where they do not belong; 0 is right.
 */
export function believedSwaps({ seal, open }: ValueForm): number {
  let believed = 0;
  for (const from of PLACES) {
    const bytes = seal(...from, "version", { codec: 1, data: "1" });
    const others = PLACES.filter((place) => place !== from);
    believed += others.filter((to) => opens(() => open(...to, "version", bytes))).length;
  }
  return believed;
}

function opens(open: () => unknown): boolean {
  try {
    open();
    return true;
  } catch (error) {
    if (error instanceof StorageFault && error.reason === "checksum") return false;
    throw error;
  }
}
