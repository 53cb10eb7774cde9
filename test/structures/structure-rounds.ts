import { background, openStorage } from "../../src/index.js";
import type { FreshStore, ServedKind, StoreKind } from "../support/stores.js";
import { openHistoryStore, type HistorySetting } from "../history/history-store.js";
import { concurrentRound, killedServerRound, roundOn, type Round } from "./concurrent-round.js";
import { killedWriterRound } from "./killed-writer-round.js";
import { StructureModel } from "./structure-model.js";

/** What rounds came to together. */
export interface RoundTotals {
  rounds: number;
  told: number;
  untold: number;
  readonly failures: string[];
}

export interface RoundOptions {
  readonly kind: StoreKind;
  readonly seed: number;
  readonly rounds: number;
  /** On the clock of `performance`. */
  readonly until?: number;
}

/** Clients at once, of two openings where several may have the store open. Undefined where what it needs is missing. */
export async function concurrentRounds(options: RoundOptions): Promise<RoundTotals | undefined> {
  const { kind, seed } = options;
  const store = await kind.fresh();
  if (store === undefined) return undefined;
  const { settings } = store;
  const openings = kind.shared ? 2 : 1;
  const one = (round: number) =>
    concurrentRound({ settings, openings, namespace: `round ${round}`, seed: seed * 1009 + round });
  try {
    return await totalled(options, one);
  } finally {
    await store.destroy();
  }
}

/** Clients at once on a store whose backend is slow, fails, and loses answers, as a setting says; anew in every round. */
export async function faultyRounds(
  setting: HistorySetting,
  options: Omit<RoundOptions, "kind">,
): Promise<RoundTotals> {
  return await totalled(options, async (round) => {
    const seed = options.seed * 1021 + round;
    const store = await openHistoryStore(setting, seed);
    try {
      return await roundOn(store, { namespace: "", seed });
    } finally {
      await store.close();
    }
  });
}

/** A writing process killed in every round. */
export async function killedWriterRounds(options: RoundOptions): Promise<RoundTotals | undefined> {
  const { kind, seed } = options;
  const store = await kind.fresh();
  if (store === undefined) return undefined;
  let state = new StructureModel();
  const one = async (round: number) => {
    // What a dead process has asked a server for may still come: into a namespace that nobody looks at any more.
    const isLate = !isEmbedded(kind);
    const namespace = isLate ? `round ${round}` : "";
    const initial = isLate ? new StructureModel() : state;
    const task = { settings: store.settings, namespace, seed: seed * 1013 + round };
    const done = await killedWriterRound({ ...task, initial, isShared: kind.shared });
    ({ state } = done);
    return done;
  };
  await openOnce(store);
  try {
    return await totalled(options, one);
  } finally {
    await store.destroy();
  }
}

/** The server killed in every round, and started again. */
export async function killedServerRounds(
  options: RoundOptions & { readonly kind: StoreKind & { readonly served: ServedKind } },
): Promise<RoundTotals | undefined> {
  const { kind, seed } = options;
  let server = await kind.served.start();
  if (server === undefined) return undefined;
  // Long enough for the server to be back; no dead connection is waited for much longer.
  const patience = { operation_timeout: "5s" };
  const settings = { backend: kind.backend, ...patience, ...kind.served.settings(server.url) };
  const one = async (round: number) => {
    const task = { settings, openings: 2, namespace: `round ${round}`, seed: seed * 1019 + round };
    const done = await killedServerRound(server as NonNullable<typeof server>, task);
    ({ server } = done);
    return done.round;
  };
  try {
    return await totalled(options, one);
  } finally {
    await server.stop();
  }
}

/** Whether no server works for the store: what its process is told of is all there is. */
function isEmbedded({ name }: StoreKind): boolean {
  return ["file", "directory", "sqlite", "lmdb"].includes(name);
}

/** Tables and folders are made once, before anybody is killed. */
async function openOnce({ settings }: FreshStore): Promise<void> {
  const store = await openStorage(settings);
  await store.set(background(), "kept", 1);
  await store.delete(background(), "kept");
  await store.stop();
}

async function totalled(
  { seed, rounds, until = Infinity }: Omit<RoundOptions, "kind">,
  one: (round: number) => Promise<Round>,
): Promise<RoundTotals> {
  const totals: RoundTotals = { rounds: 0, told: 0, untold: 0, failures: [] };
  for (let round = 0; round < rounds && performance.now() < until; round++) {
    const { told, untold, failure } = await one(round).catch(
      (error: unknown): Round => ({ told: 0, untold: 0, failure: String(error) }),
    );
    totals.rounds += 1;
    totals.told += told;
    totals.untold += untold;
    if (failure !== undefined) totals.failures.push(`seed ${seed}, round ${round}: ${failure}`);
  }
  return totals;
}
