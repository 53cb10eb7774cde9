import { background, type Context } from "../../core/context.js";
import type { StoredEntry, StoredHeader } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import { settleWithin } from "../../core/settle-within.js";
import type { ReadResult, Want } from "../backend.js";
import { operationLimit } from "../local/operation-limit.js";
import { openEntry, openHeader } from "./entry-header.js";
import type { RedisConnection } from "./redis-connection.js";
import { SCRIPTS } from "./redis-script.js";
import type { Space } from "./spaces.js";

/** Most keys of one script call, unless a single read asks for more: a quarter of a millisecond of the server's time. */
const GATHERED_KEYS = 256;

interface Waiting {
  readonly keys: readonly StoredKey[];
  readonly resolve: (raw: RawRead) => void;
  readonly reject: (error: unknown) => void;
}

/** What scripts/read.lua answers. */
type ReadAnswer = readonly [
  now: number,
  ordinal: number,
  id: Buffer,
  headers: readonly (Buffer | null)[],
  values: readonly (Buffer | null)[],
];

interface RawRead {
  readonly answer: ReadAnswer;
  /** Where this read's keys begin. */
  readonly from: number;
}

interface Gathering {
  readonly space: Space;
  readonly want: Want;
  readonly waiting: Waiting[];
  keys: number;
}

/**
 * Reads entries. Reads of one namespace that come in the same turn of the event loop share one script call, so each is
 * one atomic snapshot and many cost little more than one.
 */
export class ReadGatherer {
  readonly #connection: RedisConnection;
  readonly #operationTimeoutMs: number;
  /** By what is wanted, then by namespace. */
  readonly #gathering = { values: new Map<string, Gathering>(), headers: new Map<string, Gathering>() };
  #isScheduled = false;

  constructor(connection: RedisConnection, operationTimeoutMs: number) {
    this.#connection = connection;
    this.#operationTimeoutMs = operationTimeoutMs;
  }

  async read(ctx: Context, space: Space, keys: readonly StoredKey[], want: Want): Promise<ReadResult<Want>> {
    const { answer, from } = await settleWithin(ctx, this.#gather(space, keys, want));
    const [now, ordinal, id, headers, values] = answer;
    const entries = keys.map((key, i) => {
      const header = headers[from + i];
      if (header === null || header === undefined) return undefined;
      const entry =
        want === "values" ? openEntry(space.name, key, header, values[from + i]) : openHeader(key, header);
      return isLive(entry, now) ? entry : undefined;
    });
    return { entries, now, position: { ordinal, id: id.toString("latin1") } };
  }

  #gather(space: Space, keys: readonly StoredKey[], want: Want): Promise<RawRead> {
    return new Promise((resolve, reject) => {
      const open = this.#gathering[want];
      let gathering = open.get(space.name);
      if (gathering === undefined || gathering.keys + keys.length > GATHERED_KEYS) {
        if (gathering !== undefined) void this.#send(gathering);
        gathering = { space, want, waiting: [], keys: 0 };
        open.set(space.name, gathering);
      }
      gathering.waiting.push({ keys, resolve, reject });
      gathering.keys += keys.length;
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      for (const open of [this.#gathering.values, this.#gathering.headers]) {
        for (const gathering of open.values()) void this.#send(gathering);
        open.clear();
      }
    });
  }

  async #send({ space, want, waiting }: Gathering): Promise<void> {
    const args = [want === "values" ? "1" : "0"];
    for (const { keys } of waiting) for (const key of keys) args.push(key);
    const { meta, headers, values } = space.keys;
    const [limit, done] = operationLimit(background(), this.#operationTimeoutMs);
    try {
      const answer = (await this.#connection.read(
        limit,
        SCRIPTS.read,
        [meta, headers, values],
        args,
      )) as ReadAnswer;
      space.reached = Math.max(space.reached, answer[1]);
      let from = 0;
      for (const { keys, resolve } of waiting) {
        resolve({ answer, from });
        from += keys.length;
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    } finally {
      done();
    }
  }
}

/** Whether an entry's deadline is still ahead. */
export function isLive({ expiresAt }: StoredHeader | StoredEntry, now: number): boolean {
  return expiresAt === undefined || expiresAt > now;
}
