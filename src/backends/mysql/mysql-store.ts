import { randomBytes } from "node:crypto";
import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { compareKeys, type StoredKey } from "../../core/key.js";
import { pause } from "../../core/pause.js";
import type { KeyRange } from "../../core/range.js";
import type { BackendSetup, Position } from "../backend.js";
import { ByteBuilder } from "../sql/byte-builder.js";
import type { CommitPlan } from "../sql/commit-plan.js";
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
import { loadMysqlDriver, type MysqlDriver, type MysqlRow } from "./mysql-driver.js";
import { mysqlOptions, type MysqlOptions } from "./mysql-options.js";
import { answerReserveMs, MysqlPool } from "./mysql-pool.js";
import { MysqlPoller } from "./mysql-poller.js";
import * as rows from "./mysql-rows.js";
import { openSchema, type OpenedSchema } from "./mysql-schema.js";
import * as ask from "./mysql-statements.js";

/** Between two looks whether a connection of the server has ended. */
const ENDING_PAUSE_MS = 10;
/** Whoever waits for changes looks so often, beside the poller: for a history that was replaced at the same length. */
const LOOK_MS = 1000;
/** The server's number for a connection that is not there. */
const NO_SUCH_THREAD = 1094;
/** Of a call, beside the texts and bytes in it. */
const CALL_BYTES = 256;
/** Namespaces whose generation is remembered. */
const MOST_REMEMBERED = 10_000;

interface OpenState extends OpenedSchema {
  readonly pool: MysqlPool;
  readonly poller: MysqlPoller;
}

/** What MySQL and MariaDB give to the algorithm that servers of SQL share. */
export class MysqlStore implements SqlStore {
  readonly pollMs = LOOK_MS;
  readonly #setup: BackendSetup;
  readonly #options: MysqlOptions;
  readonly #events: StoreEvents;
  readonly #loadDriver: () => Promise<MysqlDriver>;
  readonly #generations = new Map<string, number>();
  #state: OpenState | undefined;

  constructor(setup: BackendSetup, events: StoreEvents, loadDriver = loadMysqlDriver) {
    this.#setup = setup;
    this.#events = events;
    this.#loadDriver = loadDriver;
    this.#options = mysqlOptions(setup);
  }

  async open(ctx: Context): Promise<ServerFacts> {
    const driver = await this.#loadDriver();
    const { client: options, table, pool: max } = this.#options;
    const { operationTimeoutMs: timeoutMs } = this.#setup;
    const pool = new MysqlPool({ driver, options, max, timeoutMs, newLock });
    try {
      const opened = await pool.session(ctx, (session) =>
        openSchema(session, table, Math.ceil(ctx.remainingMs() / 1000), this.#setup.durability),
      );
      this.#state = { pool, poller: this.#makePoller(pool, opened), ...opened };
      const { durability, limits } = opened.server;
      return { durability, limits };
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = undefined;
    await state?.poller.close();
    await state?.pool.end();
  }

  async read(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    wantsValues: boolean,
  ): Promise<Snapshot<NumberedRow>> {
    const asked = packed(keys);
    const { first, others } = await this.#readAt(ctx, namespace, (names, place) =>
      ask.readEntries(names, place, asked, wantsValues),
    );
    return { state: rows.stateOfFirst(first), rows: others.map(rows.numberedRow) };
  }

  async page(ctx: Context, namespace: string, range: KeyRange, wish: PageWish): Promise<EntryPage> {
    const { first, others } = await this.#readAt(ctx, namespace, (names, place) =>
      ask.readPage(names, place, range, wish),
    );
    const entries = others.map(rows.entryRow).sort((a, b) => compareKeys(a.key, b.key));
    return {
      state: rows.stateOfFirst(first),
      rows: wish.reverse ? entries.reverse() : entries,
      isCut: rows.candidatesOf(others[0]) > others.length,
    };
  }

  async count(ctx: Context, namespace: string, range: KeyRange, limit: number): Promise<Snapshot<number>> {
    const { first } = await this.#readAt(ctx, namespace, (names, place) =>
      ask.countEntries(names, place, range, limit),
    );
    return { state: rows.stateOfFirst(first), rows: [rows.candidatesOf(first)] };
  }

  async commit(ctx: Context, plan: CommitPlan): Promise<readonly CommitRow[]> {
    const { pool, procedures, server } = this.#open();
    const values = commitParameters(plan, waitSeconds(ctx), this.#setup.changes);
    checkPacket(values, server.packetBytes);
    const answer = await pool.write(
      ctx,
      ask.callOf(procedures.commit.name, values),
      (sessionLock, cause) => new UnansweredCommit(sessionLock, cause),
    );
    const result = answer.map(rows.commitRow);
    // Whoever waits in this process need not wait for the poller.
    for (const name of changedNamespaces(plan, result)) this.#events.woken(name);
    return result;
  }

  async recall(ctx: Context, attempt: unknown, plan: CommitPlan): Promise<Recollection> {
    const { pool, procedures } = this.#open();
    await this.#end(ctx, attempt as string);
    const values = recallParameters(plan, waitSeconds(ctx));
    const found = await pool.read(ctx, ask.callOf(procedures.recall.name, values));
    const namespaces = plan.namespaces.name.map((_name, n) =>
      rows.recalledNamespace(found.find(([kind, number]) => kind === "s" && Number(number) === n)),
    );
    return { namespaces, found: found.filter(([kind]) => kind === "b").map(rows.recalledBatch) };
  }

  async changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    limit: number,
  ): Promise<LogExtract> {
    const { pool, names, poller } = this.#open();
    const question = ask.changesAfter(names, Buffer.from(namespace), after, limit);
    const [first, ...found] = await pool.read(ctx, question);
    const { ordinal, id } = rows.stateOf([null, first?.[0] ?? null, first?.[1] ?? null]);
    poller.follow(namespace, ordinal);
    const changes = found.map(rows.logRow).sort((a, b) => a.ordinal - b.ordinal);
    return { state: { ordinal, id }, known: Number(first?.[3]) === 1, rows: changes };
  }

  async namespaces(ctx: Context, after: string | undefined, limit: number): Promise<readonly string[]> {
    const { pool, names } = this.#open();
    const found: string[] = [];
    for (let last = after; ; ) {
      const slice = await pool.read(ctx, ask.namesAfter(names, last, limit));
      for (const [name, hasEntries] of slice) if (Number(hasEntries) === 1) found.push(rows.textOf(name));
      if (slice.length < limit || found.length >= limit) return found.slice(0, limit);
      last = rows.textOf(slice.at(-1)?.[0]);
    }
  }

  async expired(ctx: Context, limit: number): Promise<readonly ExpiredRow[]> {
    const { pool, names, server } = this.#open();
    if (server.isReadOnly) return [];
    return (await pool.read(ctx, ask.expiredEntries(names, limit))).map(rows.expiredRow);
  }

  async reclaim(ctx: Context, limit: number): Promise<boolean> {
    const { pool, procedures, server } = this.#open();
    if (server.isReadOnly) return false;
    const [row] = await pool.read(ctx, ask.callOf(procedures.reclaim.name, [limit]));
    return Number(row?.[0]) === 1;
  }

  async compact(ctx: Context): Promise<void> {
    const { pool, names } = this.#open();
    await pool.session(ctx, async (session) => {
      for (const table of [names.entries, names.log, names.left]) await session(`OPTIMIZE TABLE ${table}`);
    });
  }

  async listen(): Promise<void> {
    this.#open();
  }

  #makePoller(pool: MysqlPool, { names }: OpenedSchema): MysqlPoller {
    const { runtime, operationTimeoutMs } = this.#setup;
    return new MysqlPoller({
      look: async (ctx, namespaces) => {
        const found = await pool.read(ctx, ask.lastOrdinals(names, packed(namespaces)));
        const ordinals = new Map(found.map(([number, ordinal]) => [Number(number), Number(ordinal ?? 0)]));
        return namespaces.map((_name, i) => ordinals.get(i) ?? 0);
      },
      timeoutMs: operationTimeoutMs,
      now: () => runtime.clock.monotonic(),
      woken: (namespace) => this.#events.woken(namespace),
    });
  }

  /** Asks in the generation that the namespace had last, and again when the answer tells of another. */
  async #readAt(
    ctx: Context,
    namespace: string,
    question: (names: OpenedSchema["names"], place: ask.Place) => ask.Question,
  ): Promise<{ readonly first: MysqlRow; readonly others: readonly MysqlRow[] }> {
    const { pool, names } = this.#open();
    for (;;) {
      const generation = this.#generations.get(namespace) ?? 0;
      const place = { namespace: Buffer.from(namespace), generation };
      const [first = [], ...others] = await pool.read(ctx, question(names, place));
      const current = rows.generationOf(first);
      if (current === generation) return { first, others };
      if (this.#generations.size >= MOST_REMEMBERED) this.#generations.clear();
      this.#generations.set(namespace, current);
    }
  }

  /** Only when the connection that served the attempt is gone from the server can nothing more come of it. */
  async #end(ctx: Context, sessionLock: string): Promise<void> {
    const { pool } = this.#open();
    for (;;) {
      const question = { text: "SELECT IS_USED_LOCK(?)", values: [sessionLock] };
      const [row] = await pool.read(ctx, question);
      if (row?.[0] == null) return;
      await pool.read(ctx, { text: `KILL ${Number(row[0])}`, values: [] }).catch(ignoreEnded);
      await pause(ctx, this.#setup.runtime.timers, ENDING_PAUSE_MS, true);
    }
  }

  /** @throws StorageFault `closed`. */
  #open(): OpenState {
    if (this.#state === undefined) throw new StorageFault("closed", "the store is closed");
    return this.#state;
  }
}

/** Those that have a batch that writes and met nothing to keep it from that. */
function changedNamespaces(
  { namespaces, batches }: CommitPlan,
  result: readonly CommitRow[],
): readonly string[] {
  const failed = new Set<number>();
  for (const row of result) if (row.kind === "conflict" || row.kind === "range") failed.add(row.batch);
  return namespaces.name.filter((_name, n) => {
    const end = namespaces.batchEnd[n] as number;
    for (let i = namespaces.batchEnd[n - 1] ?? 0; i < end; i++) {
      if (batches.length[i] !== 0 && !failed.has(i)) return true;
    }
    return false;
  });
}

/** Texts as one buffer and where each stands in it. */
function packed(texts: readonly string[]): ask.Packed {
  const data = new ByteBuilder();
  const places = texts.map((text) => [data.nextAt, data.text(text)]);
  return { data: data.finish(), places: JSON.stringify(places) };
}

/**
 * A server that is sent more ends the connection, which would look like an answer that was lost.
 *
 * @throws StorageFault `too-large`.
 */
function checkPacket(values: readonly unknown[], packetBytes: number): void {
  let bytes = CALL_BYTES;
  for (const value of values) bytes += typeof value === "string" || Buffer.isBuffer(value) ? value.length : 0;
  if (bytes <= packetBytes) return;
  const message = `a commit of ${bytes} bytes is over the server's max_allowed_packet of ${packetBytes}; split it`;
  throw new StorageFault("too-large", message);
}

/** A name that no connection has had; plain text, as it stands in statements. */
function newLock(): string {
  return `holdfast_${randomBytes(16).toString("hex")}`;
}

/** A connection that has ended meanwhile cannot be ended. */
function ignoreEnded(error: unknown): undefined {
  if (
    error instanceof StorageFault &&
    (error.cause as { errno?: unknown } | undefined)?.errno === NO_SUCH_THREAD
  )
    return undefined;
  throw error;
}

/** How long the server waits for a lock, beside the request to give up that comes before the deadline. */
function waitSeconds(ctx: Context): number {
  return Math.max(1, Math.ceil((ctx.remainingMs() - answerReserveMs(ctx)) / 1000));
}
