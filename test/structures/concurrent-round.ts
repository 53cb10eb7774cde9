import {
  background,
  openStorage,
  withConsistency,
  type StoragePlugin,
  type StoragePluginOptions,
  type StorageSettings,
} from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import type { HistoryStore } from "../history/history-store.js";
import type { StoreServer } from "../support/stores.js";
import { restarted } from "../support/servers/restarted.js";
import { OperationRecorder, runClient } from "./structure-clients.js";
import { stepsOf } from "./structure-commands.js";
import { whyNotLinearizable } from "./structure-history.js";
import { StructureModel } from "./structure-model.js";
import { damageOf, stateOf } from "./structure-state.js";

const CLIENTS = 4;
const STEPS = 16;
/** What came of a round. */
export interface Round {
  /** Operations whose outcome was told. */
  readonly told: number;
  /** Operations that ended with nobody knowing. */
  readonly untold: number;
  /** What is wrong, enough to see why. */
  readonly failure?: string;
}

export interface ConcurrentOptions {
  readonly settings: StorageSettings;
  /** How the store is opened. */
  readonly plugin?: StoragePluginOptions;
  /** Openings of the one store, between which the clients are dealt. */
  readonly openings: number;
  /** Held by no other round on the store. */
  readonly namespace: string;
  readonly seed: number;
  /** Made once some operations were told of, while others are under way. */
  readonly trouble?: () => Promise<void>;
}

/** Clients work on one list, one hash and one counter at once; what they were told is checked against every order. */
export async function concurrentRound(options: ConcurrentOptions): Promise<Round> {
  const { settings, plugin, openings, ...work } = options;
  const stores: StoragePlugin[] = [];
  for (let i = 0; i < openings; i++) stores.push(await openStorage(settings, plugin));
  try {
    return await roundOn({ stores, calm: () => 0 }, work);
  } finally {
    for (const store of stores) await store.stop();
  }
}

/** As {@link concurrentRound}, on a store that is open already; leaves its first opening alone open. */
export async function roundOn(
  { stores, calm }: Pick<HistoryStore, "stores" | "calm">,
  { namespace, seed, trouble }: Pick<ConcurrentOptions, "namespace" | "seed" | "trouble">,
): Promise<Round> {
  const recorder = new OperationRecorder();
  const ctx = stores.length > 1 ? withConsistency(background(), "strong") : background();
  const clients = Array.from({ length: CLIENTS }, (_, i) => {
    const storage = (stores[i % stores.length] as StoragePlugin).namespace(namespace);
    const random = new SeededRandom(seed * 31 + i);
    return runClient({ name: `${i}`, storage, ctx, random }, stepsOf(seed * 31 + i, STEPS), recorder);
  });
  const working = Promise.all(clients);
  await Promise.all([working, trouble && troubled(trouble, working, recorder, seed)]);
  await calm();
  const [first, ...others] = stores;
  for (const store of others) await store.stop();
  return await judged(first as StoragePlugin, namespace, recorder);
}

/** At a moment that the seed chooses. */
async function troubled(
  trouble: () => Promise<void>,
  working: Promise<unknown>,
  recorder: OperationRecorder,
  seed: number,
): Promise<void> {
  const when = new SeededRandom(seed).below((CLIENTS * STEPS) / 2);
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  working.then(over, over);
  while (recorder.told < when && !isOver) await new Promise(setImmediate);
  await trouble();
}

async function judged(
  storage: StoragePlugin,
  namespace: string,
  recorder: OperationRecorder,
): Promise<Round> {
  const { history, told } = recorder;
  const round = { told, untold: history.length - told };
  const { text } = await stateOf(storage.namespace(namespace));
  const failure =
    whyNotLinearizable(history, new StructureModel(), text) ?? (await damageOf(storage, namespace));
  return failure === undefined ? round : { ...round, failure };
}

/** As {@link concurrentRound}, where the server is killed meanwhile and started again. Gives the server that runs then. */
export async function killedServerRound(
  server: StoreServer,
  options: Omit<ConcurrentOptions, "trouble">,
): Promise<{ readonly round: Round; readonly server: StoreServer }> {
  let running = server;
  const trouble = async () => {
    running = await restarted(running);
  };
  const plugin = { warn: () => undefined };
  return { round: await concurrentRound({ ...options, plugin, trouble }), server: running };
}
