import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  background,
  openStorage,
  withConsistency,
  type Storage,
  type StoragePlugin,
  type StorageSettings,
} from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { compiledProgram } from "../support/compiled-program.js";
import type { Round } from "./concurrent-round.js";
import { OperationRecorder, runClient } from "./structure-clients.js";
import { stepsOf } from "./structure-commands.js";
import { whyNotLinearizable, type Operation } from "./structure-history.js";
import type { StructureModel } from "./structure-model.js";
import { damageOf, stateOf } from "./structure-state.js";
import type { Said, WritingTask } from "./writing-process.js";

const PROGRAM = new URL("writing-process.ts", import.meta.url);
/** The writer is killed at the latest after so many outcomes were told. */
const LONGEST_LIFE = 80;
const SETTLED_MS = 100;
const STEPS_BESIDE = 12;
const CLIENTS_BESIDE = 2;

export interface KilledWriterOptions extends WritingTask {
  /** What the namespace holds. */
  readonly initial: StructureModel;
  /** Others of this process work beside the writer, and go on when it is dead. */
  readonly isShared: boolean;
}

/**
 * A process works on one list, one hash and one counter and is killed; then the store is opened. What the process was
 * told must be there, each of the rest wholly or not at all.
 */
export async function killedWriterRound(
  options: KilledWriterOptions,
): Promise<Round & { readonly state: StructureModel }> {
  const { settings, namespace, seed, initial, isShared } = options;
  const beside = new OperationRecorder();
  const writer = new KilledWriter({ settings, namespace, seed });
  const killed = writer.killedAfter(new SeededRandom(seed).below(LONGEST_LIFE));
  await (isShared ? workBeside(settings, namespace, seed, beside, killed) : killed);
  const history = [...(await killed), ...beside.history];
  const told = history.filter(({ outcomes }) => outcomes !== undefined).length;
  await using store = await openStorage(settings);
  const state = await settledState(store.namespace(namespace), isShared);
  const failure = whyNotLinearizable(history, initial, state.text) ?? (await damageOf(store, namespace));
  const round = { told, untold: history.length - told, state };
  return failure === undefined ? round : { ...round, failure };
}

/** A server may still be at what a dead process asked of it. */
async function settledState(storage: Storage, isShared: boolean): Promise<StructureModel> {
  let state = await stateOf(storage);
  for (let before = ""; isShared && before !== state.text; ) {
    before = state.text;
    await delay(SETTLED_MS);
    state = await stateOf(storage);
  }
  return state;
}

async function workBeside(
  settings: StorageSettings,
  namespace: string,
  seed: number,
  recorder: OperationRecorder,
  killed: Promise<unknown>,
): Promise<void> {
  await using store: StoragePlugin = await openStorage(settings);
  const ctx = withConsistency(background(), "strong");
  const clients = Array.from({ length: CLIENTS_BESIDE }, (_, i) => {
    const random = new SeededRandom(seed * 31 + i);
    const client = { name: `beside ${i}`, storage: store.namespace(namespace), ctx, random };
    return runClient(client, stepsOf(seed * 37 + 1000 + i, STEPS_BESIDE), recorder);
  });
  await Promise.all([killed, ...clients]);
}

/** The process, and what it has said. */
class KilledWriter {
  readonly #child: ChildProcess;
  readonly #operations = new Map<number, Operation>();
  #isReady = false;
  #told = 0;
  #rest = "";

  constructor(task: WritingTask) {
    const args = [compiledProgram(PROGRAM), JSON.stringify(task)];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
  }

  /** Kills it once it was told so many outcomes; all that it had begun until then. */
  async killedAfter(told: number): Promise<readonly Operation[]> {
    const closed = once(this.#child, "close");
    const stdout = this.#child.stdout as Readable;
    const endedAlone = () => stdout.destroy(new Error("the writer ended before it was killed"));
    this.#child.once("exit", endedAlone);
    while (!this.#isReady || this.#told < told) await once(stdout, "data");
    this.#child.off("exit", endedAlone);
    this.#child.kill("SIGKILL");
    await closed;
    return [...this.#operations.values()];
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split("\n");
    // Of what it wrote last there may be a part only.
    this.#rest = lines.pop() as string;
    for (const line of lines) this.#note(JSON.parse(line) as Said);
  }

  #note(said: Said): void {
    if ("ready" in said) this.#isReady = true;
    else if ("refused" in said) this.#operations.delete(said.refused);
    else if ("begun" in said) this.#operations.set(said.begun, { ...said.operation, ended: Infinity });
    else {
      const operation = this.#operations.get(said.ended) as Operation;
      const outcomes = (said.outcomes ?? []).map((outcome) =>
        "refused" in outcome ? outcome : { value: outcome.value },
      );
      this.#operations.set(said.ended, { ...operation, ended: said.at, outcomes });
      this.#told += 1;
    }
  }
}
