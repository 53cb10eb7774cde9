import type { Backend } from "../../src/backends/backend.js";
import { START } from "../../src/backends/backend.js";
import { background, StorageError, type StoragePlugin, type StorageSettings } from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { TcpProxy, type Direction } from "../support/servers/tcp-proxy.js";
import type { ServedKind, StoreServer } from "../support/stores.js";
import { openTapped, type Tap } from "../support/tapped-store.js";

const ctx = background();
const COUNTERS = ["counter:a", "counter:b"] as const;
/** Of the bytes of a commit and of its answer, those within which the connection is reset. */
const LONGEST_CUT = { requests: 1500, answers: 300 } as const;
const PAGE = 1000;

export interface ResetOptions {
  readonly seed: number;
  /** Resets inside commits. */
  readonly resets: number;
  readonly until?: number;
}

export interface ResetTotals {
  /** Connections reset while a commit was on them. */
  resets: number;
  acknowledged: number;
  unknown: number;
  /** Rejected for certain. */
  refused: number;
  readonly failures: string[];
}

/** What was asked for under an id of its own, and what became of it as far as its caller knows. */
type Told = "acknowledged" | "unknown" | "refused";

/**
 * Resets the connection within each commit, somewhere in its request or in its answer. Afterwards nothing may be there
 * twice, neither in the log nor in what was counted, and everything that was acknowledged once; a commit that was
 * refused must not have happened, and one whose outcome is unknown may.
 */
export async function tryCommitResets(
  { settings }: ServedKind,
  server: StoreServer,
  backend: string,
  options: ResetOptions,
): Promise<ResetTotals> {
  const proxy = await TcpProxy.start({ host: "127.0.0.1", port: server.port });
  const direct: StorageSettings = { backend, ...settings(server.url), ...SETTINGS };
  const run = new ResetRun(proxy, options);
  try {
    await run.play(throughProxy(direct, server.port, proxy.port));
    await run.judge(direct);
    return run.totals;
  } finally {
    await proxy.stop();
  }
}

/** Nothing but what the rounds ask for may meet a reset, and the whole log is looked at in the end. */
const SETTINGS: StorageSettings = {
  cache_size: 0,
  ttl_cleanup_interval: "1h",
  operation_timeout: "10s",
  changes: { retain: { count: 10_000_000, age: "1h" } },
};

function throughProxy(settings: StorageSettings, from: number, to: number): StorageSettings {
  return JSON.parse(JSON.stringify(settings).replaceAll(`:${from}`, `:${to}`)) as StorageSettings;
}

class ResetRun {
  readonly totals: ResetTotals = { resets: 0, acknowledged: 0, unknown: 0, refused: 0, failures: [] };
  readonly #proxy: TcpProxy;
  readonly #options: ResetOptions;
  readonly #random: SeededRandom;
  readonly #told = new Map<string, Told>();
  #isArmed = false;

  constructor(proxy: TcpProxy, options: ResetOptions) {
    this.#proxy = proxy;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async play(settings: StorageSettings): Promise<void> {
    const tap: Tap = { beforeCommit: () => this.#arm() };
    const { storage } = await openTapped(settings, tap, { warn: () => undefined });
    const { resets, until = Infinity } = this.#options;
    try {
      for (let round = 0; this.totals.resets < resets && performance.now() < until; round++) {
        // The connection that the commit will be on must be there, or making one would meet the reset.
        await storage.exists(ctx, COUNTERS[0]);
        await this.#round(storage, round);
      }
      this.#proxy.heal();
    } finally {
      await storage.stop();
    }
  }

  /** Two increments that look before they write, and two writes that do not. */
  async #round(storage: StoragePlugin, round: number): Promise<void> {
    this.#isArmed = true;
    await Promise.all([
      ...COUNTERS.map((counter) =>
        this.#note(`count:${counter}:${round}`, (id) =>
          storage.transact(ctx, async (tx) => {
            await tx.set(counter, (await tx.getOr<number>(counter, 0)) + 1);
            await tx.set(id, round);
          }),
        ),
      ),
      ...["a", "b"].map((letter) =>
        this.#note(`plain:${letter}:${round}`, (id) => storage.set(ctx, id, round)),
      ),
    ]);
  }

  /** Once a round, when its first commit is about to be sent. */
  #arm(): void {
    if (!this.#isArmed) return;
    this.#isArmed = false;
    const direction: Direction = this.#random.chance(0.5) ? "answers" : "requests";
    const bytes = this.#random.below(LONGEST_CUT[direction]);
    void this.#proxy.cutNext(direction, bytes).then(() => (this.totals.resets += 1));
  }

  async #note(id: string, write: (id: string) => Promise<void>): Promise<void> {
    const told = await write(id).then((): Told => "acknowledged", toldOf);
    this.#told.set(id, told);
    this.totals[told] += 1;
  }

  async judge(settings: StorageSettings): Promise<void> {
    const { storage, backend } = await openTapped(settings);
    try {
      const times = await timesInLog(backend);
      for (const [id, told] of this.#told) this.#judgeOne(id, told, times.get(id) ?? 0);
      for (const counter of COUNTERS) {
        const count = await storage.getOr<number>(ctx, counter, 0);
        const counted = await storage.count(ctx, `count:${counter}:*`);
        if (count !== counted) this.#fail(`${counter} is ${count}, and ${counted} increments are there`);
      }
    } finally {
      await storage.stop();
    }
  }

  #judgeOne(id: string, told: Told, times: number): void {
    if (times > 1) this.#fail(`${id} was applied ${times} times`);
    if (times === 0 && told === "acknowledged") this.#fail(`${id} was acknowledged and is not there`);
    if (times > 0 && told === "refused") this.#fail(`${id} was refused and is there`);
  }

  #fail(what: string): void {
    this.totals.failures.push(`seed ${this.#options.seed}: ${what}`);
  }
}

function toldOf(error: unknown): Told {
  if (!(error instanceof StorageError)) throw error;
  return error.outcome === "unknown" ? "unknown" : "refused";
}

/** How often each key was put, as the log tells. */
async function timesInLog(backend: Backend): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for (let after = START; ; ) {
    const page = await backend.changes(ctx, "", after, { limit: PAGE });
    if (page.lost) throw new Error("the log does not reach back to its beginning");
    for (const write of page.changes.flatMap(({ writes }) => writes)) {
      if (write.kind === "put") times.set(write.key, (times.get(write.key) ?? 0) + 1);
    }
    if (page.changes.length === 0) return times;
    after = page.position;
  }
}
