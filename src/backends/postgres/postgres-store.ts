import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { pause } from "../../core/pause.js";
import type { KeyRange } from "../../core/range.js";
import type { BackendSetup, Position } from "../backend.js";
import { ByteBuilder } from "../sql/byte-builder.js";
import { RANGE_END, type CommitPlan } from "../sql/commit-plan.js";
import type { ExpiredRow } from "../sql/log-row.js";
import {
  UnansweredCommit,
  type CommitRow,
  type EntryPage,
  type LogExtract,
  type NumberedRow,
  type PageWish,
  type Recollection,
  type ServerFacts,
  type Snapshot,
  type SqlStore,
  type StoreEvents,
} from "../sql/sql-store.js";
import { commitParameters, recallParameters } from "./commit-parameters.js";
import { numberArray } from "./postgres-array.js";
import { loadPostgresDriver, type PostgresDriver } from "./postgres-driver.js";
import { PostgresListener } from "./postgres-listener.js";
import type { PostgresNames } from "./postgres-names.js";
import { postgresOptions, type PostgresOptions } from "./postgres-options.js";
import { answerReserveMs, PostgresPool, SESSION_START, type ServerSession } from "./postgres-pool.js";
import * as rows from "./postgres-rows.js";
import { openSchema } from "./postgres-schema.js";
import { sessionSettings } from "./postgres-settings.js";
import { postgresStatements, type PostgresStatements } from "./postgres-statements.js";

/** Between two looks whether a process of the server has ended. */
const ENDING_PAUSE_MS = 10;
/** On a replica nobody can listen, so whoever waits looks. */
const REPLICA_POLL_MS = 500;

interface OpenState {
  readonly pool: PostgresPool;
  readonly names: PostgresNames;
  readonly ask: PostgresStatements;
  readonly listener: PostgresListener;
  /** As it was when last asked: a replica may be promoted. */
  isReadOnly: boolean;
}

/** What PostgreSQL gives to the algorithm that servers of SQL share. */
export class PostgresStore implements SqlStore {
  readonly #setup: BackendSetup;
  readonly #options: PostgresOptions;
  readonly #events: StoreEvents;
  readonly #loadDriver: () => Promise<PostgresDriver>;
  #state: OpenState | undefined;

  /** @param loadDriver gives what speaks to the server */
  constructor(setup: BackendSetup, events: StoreEvents, loadDriver = loadPostgresDriver) {
    this.#setup = setup;
    this.#loadDriver = loadDriver;
    this.#options = postgresOptions(setup);
    this.#events = events;
  }

  get pollMs(): number {
    return this.#state?.isReadOnly === true ? REPLICA_POLL_MS : Infinity;
  }

  async open(ctx: Context): Promise<ServerFacts> {
    const driver = await this.#loadDriver();
    const { runtime, operationTimeoutMs, durability: wanted } = this.#setup;
    const { client: options, table, pool: max } = this.#options;
    const pool = new PostgresPool(driver, { ...options, max }, operationTimeoutMs, sessionSettings(wanted));
    try {
      const { names, functions, durability, isReadOnly } = await pool.session(ctx, (ask) =>
        openSchema(ask, table, wanted),
      );
      const { channel } = names;
      const listener = new PostgresListener({ driver, options, channel, runtime, events: this.#events });
      this.#state = { pool, names, ask: postgresStatements(names, functions), listener, isReadOnly };
      return { durability };
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = undefined;
    await state?.listener.close();
    await state?.pool.end();
  }

  async read(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    wantsValues: boolean,
  ): Promise<Snapshot<NumberedRow>> {
    const data = new ByteBuilder();
    const at: number[] = [];
    const length: number[] = [];
    for (const key of keys) {
      at.push(data.nextAt);
      length.push(data.text(key));
    }
    const values = [Buffer.from(namespace), data.finish(), numberArray(at), numberArray(length)];
    const { pool, ask } = this.#open();
    const [first, ...found] = await pool.read(ctx, ask.read(wantsValues), values);
    return { state: rows.stateOf(first), rows: found.map(rows.numberedRow) };
  }

  async page(ctx: Context, namespace: string, range: KeyRange, wish: PageWish): Promise<EntryPage> {
    const { pool, ask } = this.#open();
    const statement = ask.page(wish.want, wish.reverse, wish.includesExpired ?? false);
    const values = [...place(namespace, range), wish.limit, wish.maxBytes];
    const [first, ...found] = await pool.read(ctx, statement, values);
    return {
      state: rows.stateOf(first),
      rows: found.map(rows.entryRow),
      isCut: rows.candidatesOf(found[0]) > found.length,
    };
  }

  async count(ctx: Context, namespace: string, range: KeyRange, limit: number): Promise<Snapshot<number>> {
    const { pool, ask } = this.#open();
    const [row] = await pool.read(ctx, ask.count, [...place(namespace, range), limit]);
    return { state: rows.stateOf(row), rows: [Number(row?.[4])] };
  }

  async commit(ctx: Context, plan: CommitPlan): Promise<readonly CommitRow[]> {
    const { pool, ask } = this.#open();
    const values = commitParameters(plan, lockMs(ctx), this.#setup.changes);
    const answer = await pool.write(
      ctx,
      ask.commit,
      values,
      (session, cause) => new UnansweredCommit(session, cause),
    );
    return answer.map(rows.commitRow);
  }

  async recall(ctx: Context, attempt: unknown, plan: CommitPlan): Promise<Recollection> {
    const { pool, ask } = this.#open();
    await this.#end(ctx, attempt as ServerSession | undefined);
    const found = await pool.read(ctx, ask.recall, recallParameters(plan, lockMs(ctx)));
    const namespaces = plan.namespaces.name.map((_name, n) =>
      rows.recalledNamespace(found.find(([kind, number]) => kind === "s" && Number(number) === n) ?? []),
    );
    return { namespaces, found: found.filter(([kind]) => kind === "b").map(rows.recalledBatch) };
  }

  async changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    limit: number,
  ): Promise<LogExtract> {
    const { pool, ask } = this.#open();
    const values = [Buffer.from(namespace), after?.ordinal ?? null, after?.id ?? null, limit];
    const [first, ...found] = await pool.read(ctx, ask.changes, values);
    const { ordinal, id } = rows.stateOf([null, null, first?.[0] ?? null, first?.[1] ?? null]);
    return { state: { ordinal, id }, known: first?.[5] === "true", rows: found.map(rows.logRow) };
  }

  async namespaces(ctx: Context, after: string | undefined, limit: number): Promise<readonly string[]> {
    const { pool, ask } = this.#open();
    const found = await pool.read(ctx, ask.namespaces(after === undefined), [
      Buffer.from(after ?? ""),
      limit,
    ]);
    return found.map(([name]) => rows.textOfBytes(name));
  }

  async expired(ctx: Context, limit: number): Promise<readonly ExpiredRow[]> {
    if (await this.#isReadOnly(ctx)) return [];
    const { pool, ask } = this.#open();
    return (await pool.read(ctx, ask.expired, [limit])).map(rows.expiredRow);
  }

  async reclaim(ctx: Context, limit: number): Promise<boolean> {
    if (await this.#isReadOnly(ctx)) return false;
    const { pool, ask } = this.#open();
    const [row] = await pool.read(ctx, ask.reclaim, [limit]);
    return Number(row?.[0]) > 0;
  }

  async compact(ctx: Context): Promise<void> {
    const { pool, names } = this.#open();
    await pool.session(ctx, async (ask) => {
      for (const table of [names.entries, names.log, names.left]) await ask(`VACUUM ${table}`);
    });
  }

  async flush(ctx: Context): Promise<void> {
    if (await this.#isReadOnly(ctx)) return;
    const { pool, ask } = this.#open();
    await pool.read(ctx, ask.flush, []);
  }

  async listen(ctx: Context): Promise<void> {
    if (!(await this.#isReadOnly(ctx))) await this.#open().listener.ready(ctx);
  }

  /** A server that took no writes is asked again: then it was a replica, and may be one no more. */
  async #isReadOnly(ctx: Context): Promise<boolean> {
    const state = this.#open();
    if (state.isReadOnly) {
      const [row] = await state.pool.read(ctx, state.ask.readOnly, []);
      state.isReadOnly = row?.[0] === "on";
    }
    return state.isReadOnly;
  }

  /** Only when the process that served the attempt is gone can nothing more come of it. */
  async #end(ctx: Context, session: ServerSession | undefined): Promise<void> {
    if (session === undefined) return;
    const { pool } = this.#open();
    const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid = $1 AND ${SESSION_START} = $2::bigint`;
    while ((await pool.read(ctx, { text }, [session.pid, session.startedAt])).length > 0) {
      await pause(ctx, this.#setup.runtime.timers, ENDING_PAUSE_MS, true);
    }
  }

  /** @throws StorageFault `closed`. */
  #open(): OpenState {
    if (this.#state === undefined) throw new StorageFault("closed", "the store is closed");
    return this.#state;
  }
}

function place(namespace: string, { start, end }: KeyRange): readonly Uint8Array[] {
  return [
    Buffer.from(namespace),
    Buffer.from(start),
    end === undefined ? Buffer.from(RANGE_END) : Buffer.from(end),
  ];
}

/** Waiting for another commit ends early enough for the answer that says so. */
function lockMs(ctx: Context): number {
  return Math.max(1, Math.floor(ctx.remainingMs() - 1.5 * answerReserveMs(ctx)));
}
