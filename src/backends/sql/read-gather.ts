import type { Context } from "../../core/context.js";
import type { StoredKey } from "../../core/key.js";
import { settleWithin } from "../../core/settle-within.js";
import { callContext, jointContext } from "./call-context.js";
import type { NumberedRow, Snapshot, SqlStore } from "./sql-store.js";

/** A read of more keys goes out by itself: it gains nothing from company, and would delay it. */
const MOST_KEYS_GATHERED = 64;
/** Most keys in one statement made of several reads. */
const MOST_KEYS_TOGETHER = 1024;
/** Statements of one kind under way at once; further reads gather until one of them has ended. */
const MOST_UNDER_WAY = 2;

interface Waiting {
  readonly ctx: Context;
  readonly keys: readonly StoredKey[];
  readonly resolve: (snapshot: Snapshot<NumberedRow>) => void;
  readonly reject: (error: unknown) => void;
}

/** The reads of one namespace and want that can share a statement. */
interface Lane {
  readonly namespace: string;
  readonly wantsValues: boolean;
  waiting: Waiting[];
  underWay: number;
  isScheduled: boolean;
}

/**
 * Lets reads of one namespace that are in flight at the same time share a round trip. Each is still one atomic
 * snapshot, taken after the read was begun: a statement goes out only with reads that came before it.
 */
export class ReadGather {
  readonly #store: SqlStore;
  readonly #timeoutMs: number;
  readonly #lanes = new Map<string, Lane>();

  /** @param timeoutMs deadline of a read whose context has none. */
  constructor(store: SqlStore, timeoutMs: number) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
  }

  /** The rows that answer `keys`, numbered by them. */
  read(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    wantsValues: boolean,
  ): Promise<Snapshot<NumberedRow>> {
    if (keys.length > MOST_KEYS_GATHERED) return this.#readAlone(ctx, namespace, keys, wantsValues);
    const answer = new Promise<Snapshot<NumberedRow>>((resolve, reject) => {
      const lane = this.#laneOf(namespace, wantsValues);
      lane.waiting.push({ ctx, keys, resolve, reject });
      this.#schedule(lane);
    });
    return settleWithin(ctx, answer);
  }

  async #readAlone(ctx: Context, namespace: string, keys: readonly StoredKey[], wantsValues: boolean) {
    const [call, end] = callContext(ctx, this.#timeoutMs);
    try {
      return await this.#store.read(call, namespace, keys, wantsValues);
    } finally {
      end();
    }
  }

  #laneOf(namespace: string, wantsValues: boolean): Lane {
    const name = `${wantsValues ? "v" : "h"}${namespace}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { namespace, wantsValues, waiting: [], underWay: 0, isScheduled: false };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  /** Everybody who asks in this turn of the event loop can join. */
  #schedule(lane: Lane): void {
    if (lane.isScheduled || lane.underWay >= MOST_UNDER_WAY) return;
    lane.isScheduled = true;
    setImmediate(() => {
      lane.isScheduled = false;
      void this.#send(lane);
    });
  }

  async #send(lane: Lane): Promise<void> {
    const group = takeGroup(lane);
    if (group.length > 0) {
      lane.underWay += 1;
      await this.#answer(lane, group);
      lane.underWay -= 1;
    }
    if (lane.waiting.length > 0) this.#schedule(lane);
    else if (lane.underWay === 0) this.#lanes.delete(`${lane.wantsValues ? "v" : "h"}${lane.namespace}`);
  }

  /** Never rejects: what goes wrong is told to those who asked. */
  async #answer(lane: Lane, group: readonly Waiting[]): Promise<void> {
    const callers = group.map(({ ctx }) => ctx);
    const [call, end] = jointContext(callers, this.#timeoutMs);
    try {
      const keys = group.flatMap((waiting) => waiting.keys);
      share(group, await this.#store.read(call, lane.namespace, keys, lane.wantsValues));
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      end();
    }
  }
}

/** As many as fit together; those that nobody waits for any more are left out. */
function takeGroup(lane: Lane): Waiting[] {
  const group: Waiting[] = [];
  let keys = 0;
  let taken = 0;
  for (const waiting of lane.waiting) {
    keys += waiting.keys.length;
    if (keys > MOST_KEYS_TOGETHER && group.length > 0) break;
    taken += 1;
    const over = waiting.ctx.err();
    if (over === undefined) group.push(waiting);
    else waiting.reject(over);
  }
  lane.waiting = lane.waiting.slice(taken);
  return group;
}

/** Gives everybody the rows of their own keys, numbered as they asked. */
function share(group: readonly Waiting[], { state, rows }: Snapshot<NumberedRow>): void {
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  let first = 0;
  for (const { keys, resolve } of group) {
    const own: NumberedRow[] = [];
    for (let i = 0; i < keys.length; i++) {
      const row = byNumber.get(first + i);
      if (row !== undefined) own.push({ ...row, number: i });
    }
    first += keys.length;
    resolve({ state, rows: own });
  }
}
