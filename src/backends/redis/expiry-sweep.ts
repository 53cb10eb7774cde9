import type { Context } from "../../core/context.js";
import type { VersionSource } from "../../core/version.js";
import type { BackendSetup } from "../backend.js";
import { tellExpired } from "../local/tell-expired.js";
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
  readonly expired: BackendSetup["expired"];
}

/** What scripts/sweep.lua answers. */
type SweepAnswer = readonly [done: number, ...heads: Buffer[]];

/** Tells of the heads that a script removed: key and incarnation, one after the other. */
export function tellOfHeads(
  { expired }: Pick<SweepSetup, "expired">,
  { name }: Space,
  heads: readonly Buffer[],
): void {
  const entries = Array.from({ length: heads.length / 2 }, (_, i) => {
    return { key: String(heads[2 * i]), incarnation: String(heads[2 * i + 1]) };
  });
  tellExpired(expired, name, entries);
}

/** Removes expired entries of a namespace, one bounded step after another; true when there may be more. */
export async function sweepOnce(setup: SweepSetup, limit: Context, space: Space): Promise<boolean> {
  const { connection, ids, changes } = setup;
  const { keys } = space;
  const args = [ids.next(), SWEPT_AT_ONCE, changes.count, changes.ageMs].map(String);
  try {
    const answer = await connection.write(limit, SCRIPTS.sweep, keys.all, [...args, keys.channel]);
    const [done, ...heads] = answer as SweepAnswer;
    tellOfHeads(setup, space, heads);
    return done === SWEPT_AT_ONCE;
  } catch (error) {
    // Whether it ran or not, the next one finds what is left; what it had to tell is left to `compact`.
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
