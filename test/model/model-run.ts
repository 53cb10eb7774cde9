import { inspect, isDeepStrictEqual } from "node:util";
import { background } from "../../src/core/context.js";
import type { Transaction } from "../../src/index.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import type { Command } from "./model-commands.js";
import { ModelSubject, openSubject, type StoreKind, type Subject } from "./model-subject.js";
import type { ModelTransaction } from "./model-transaction.js";
import { outcomeOf, settled, type Outcome } from "./outcome.js";

/** A store did something else than the model. */
export class ModelDifference extends Error {
  override readonly name = "ModelDifference";
}

export type OpenSubject = (kind: StoreKind, runtime: FakeRuntime) => Promise<Subject>;

type Step = Exclude<Command, { kind: "advance" }>;

const NOTHING: Outcome = { value: undefined };
const NAMESPACES = ["", "user", "user2", "__proto__"];

/**
 * Carries out commands on the model and on a store of every kind and compares what each call came to. Either all kinds
 * are shared or none is.
 *
 * @returns how many commands were compared.
 * @throws ModelDifference at the first that differs.
 */
export async function runModel(
  kinds: readonly StoreKind[],
  commands: readonly Command[],
  open: OpenSubject = openSubject,
): Promise<number> {
  const runtime = new FakeRuntime();
  const model = new ModelSubject(
    runtime,
    kinds.some(({ shared }) => shared),
  );
  const stores: Subject[] = [];
  try {
    for (const kind of kinds) stores.push(await open(kind, runtime));
    for (const [place, command] of commands.entries()) {
      await compare(model, stores, command, runtime, `command ${place}`);
    }
    for (const namespace of NAMESPACES) {
      const entries = { kind: "call", namespace, call: { kind: "entries" } } as const;
      await compare(model, stores, entries, runtime, "the end");
    }
    return commands.length + NAMESPACES.length;
  } finally {
    for (const store of stores) await store.close();
  }
}

async function compare(
  model: ModelSubject,
  stores: readonly Subject[],
  command: Command,
  runtime: FakeRuntime,
  place: string,
): Promise<void> {
  if (command.kind === "advance") return await runtime.advance(command.ms);
  const outcomes: Outcome[] = [];
  for (const store of stores) outcomes.push(await carryOut(store, command));
  const expected = await expectedOutcome(model, command, outcomes[0] ?? NOTHING);
  for (const [i, outcome] of outcomes.entries()) {
    if (isDeepStrictEqual(outcome, expected)) continue;
    const store = stores[i] as Subject;
    const shown = (what: unknown) => inspect(what, { depth: 8, breakLength: Infinity });
    const difference = `${store.name} came to ${shown(outcome)}, the model to ${shown(expected)}`;
    throw new ModelDifference(`${place}, ${shown(command)}: ${difference}`);
  }
}

/** A commit that looked at ranges may be refused more often than it must. Then the model's is given up too. */
async function expectedOutcome(model: ModelSubject, command: Step, outcome: Outcome): Promise<Outcome> {
  const tx = command.kind === "commit" ? model.transactions[command.slot] : undefined;
  const refused = "error" in outcome && outcome.error[1] === "conflict";
  if (tx === undefined || !refused || !tx.sawRanges) return await carryOut(model, command);
  await tx.rollback();
  return outcome;
}

async function carryOut(subject: Subject, command: Step): Promise<Outcome> {
  const { transactions, versions } = subject;
  switch (command.kind) {
    case "call":
      return await outcomeOf(subject.namespace(command.namespace), command.call, versions);
    case "begin":
      await transactions[command.slot]?.rollback();
      transactions[command.slot] = await begin(subject, command.namespace);
      return NOTHING;
    case "within": {
      const tx = transactions[command.slot];
      return tx === undefined ? NOTHING : await outcomeOf(tx, command.call, versions);
    }
    case "commit":
      return await settled(async () => transactions[command.slot]?.commit());
    case "rollback":
      return await settled(async () => transactions[command.slot]?.rollback());
    case "transact":
      return await transactOn(subject, command);
    case "clearCache":
      return await settled(() => subject.clearCache());
    case "listNamespaces":
      return await settled(() => subject.listNamespaces());
    case "reopen":
      for (const tx of transactions.splice(0)) await tx?.rollback();
      await subject.reopen();
      return NOTHING;
  }
}

async function begin(subject: Subject, namespace: string): Promise<Transaction | ModelTransaction> {
  return await subject.namespace(namespace).beginTransaction(background(), { timeout: "1h" });
}

class ChangedMind extends Error {}

async function transactOn(
  subject: Subject,
  { namespace, calls, changesMind }: Extract<Command, { kind: "transact" }>,
): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  const work = async (tx: Transaction | ModelTransaction) => {
    for (const call of calls) outcomes.push(await outcomeOf(tx, call, subject.versions));
    if (changesMind) throw new ChangedMind();
  };
  const storage = subject.namespace(namespace);
  const end = await settled(async () => {
    try {
      await (storage.transact as (ctx: unknown, run: typeof work) => Promise<void>)(background(), work);
    } catch (error) {
      if (!(error instanceof ChangedMind)) throw error;
      return "changed its mind";
    }
    return "committed";
  });
  return { value: [end, outcomes] };
}
