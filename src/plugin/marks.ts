import { KIND, type StoredKey } from "../core/key.js";

/** Stands in a namespace from before a restore writes the first entry until everything is written everywhere. */
export const RESTORE_MARKER = `${KIND.meta}restore`;

/**
 * Stands in a namespace while items of structures are written there before their heads, so that no process takes them for
 * what structures have left behind.
 */
export const FILL_MARKER = `${KIND.meta}fill`;

/** Of those who write items before their heads: restores, copies and repairs. */
export const MARKS: readonly StoredKey[] = [RESTORE_MARKER, FILL_MARKER];
