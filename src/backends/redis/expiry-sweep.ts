import type { Context } from "../../core/context.js";
import type { VersionSource } from "../../core/version.js";
import type { BackendSetup } from "../backend.js";
import type { RedisConnection } from "./redis-connection.js";
import { AnswerLost } from "./redis-connection.js";
import { SCRIPTS } from "./redis-script.js";
import type { Space } from "./spaces.js";

/** Entries removed in one step: about two milliseconds of the server's time. */
const SWEPT_AT_ONCE = 500;

export interface SweepSetup {
  readonly connection: RedisConnection;
  readonly ids: VersionSource;
  readonly changes: BackendSetup["changes"];
}

/** Removes expired entries of a namespace, one bounded step after another; true when there may be more. */
export async function sweepOnce(setup: SweepSetup, limit: Context, { keys }: Space): Promise<boolean> {
  const { connection, ids, changes } = setup;
  const args = [ids.next(), SWEPT_AT_ONCE, changes.count, changes.ageMs].map(String);
  try {
    const done = await connection.write(limit, SCRIPTS.sweep, keys.all, [...args, keys.channel]);
    return done === SWEPT_AT_ONCE;
  } catch (error) {
    // Whether it ran or not, the next one finds what is left.
    if (error instanceof AnswerLost) return true;
    throw error;
  }
}

/** Removes all entries of a namespace that have expired. */
export async function sweepWhole(setup: SweepSetup, limit: Context, space: Space): Promise<void> {
  for (;;) {
    const over = limit.err();
    if (over !== undefined) throw over;
    if (!(await sweepOnce(setup, limit, space))) return;
  }
}
