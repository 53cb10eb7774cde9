import { background } from "../../src/core/context.js";
import type { Storage, Transaction } from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import {
  HistoryRecorder,
  type GroupOperation,
  type HistoryTransaction,
  type OpenRecord,
} from "../../src/testing/history/index.js";
import type { WorkloadOptions, WorkloadResult } from "./list-append-workload.js";
import { ChangedMind, noAttempts, RecordingClient } from "./recording-client.js";
import { seededPause } from "./seeded-pause.js";

const ACTIVE_GROUPS = 4;
/** A group is left alone after so many transactions looked at it. */
const LOOKS_PER_GROUP = 48;

/**
 * Clients that look at groups of keys by prefix and insert into them: into half of the groups only when nothing
 * matches, into the others while there are fewer than three. Some look at one group and insert into another.
 */
export async function runPhantoms(
  stores: readonly Storage[],
  options: WorkloadOptions,
): Promise<WorkloadResult<GroupOperation>> {
  const recorder = new HistoryRecorder<GroupOperation>();
  const counts = noAttempts();
  const groups = new GroupNames(options.operations);
  const clients = Array.from({ length: options.clients }, async (_, number) => {
    const random = new SeededRandom(options.seed * 2003 + number);
    const store = stores[number % stores.length] as Storage;
    const client = new RecordingClient(store, recorder, number, counts);
    while (!groups.isDone) {
      await seededPause(random);
      const work = (tx: Transaction, record: OpenRecord<GroupOperation>) => look(tx, record, groups, random);
      await (random.chance(0.7) ? client.transact(work) : client.commit(work));
    }
  });
  await Promise.all(clients);
  return { history: recorder.history, counts };
}

/** Lists every group once more. */
export async function readAllGroups(
  store: Storage,
  history: readonly HistoryTransaction<GroupOperation>[],
): Promise<HistoryTransaction<GroupOperation>> {
  const groups = new Set(history.flatMap(({ operations }) => operations.map(({ group }) => group)));
  const start = history.reduce((latest, { end }) => Math.max(latest, end), 0) + 1;
  const operations: GroupOperation[] = [];
  for (const group of groups) {
    const members = (await store.keys(background(), `${group}*`)).map(memberOf);
    operations.push({ kind: "observe", group, members });
  }
  return { process: -1, start, end: start + 1, status: "committed", operations };
}

class GroupNames {
  #looks = 0;
  #members = 0;
  readonly #operations: number;

  constructor(operations: number) {
    this.#operations = operations;
  }

  get isDone(): boolean {
    return this.#looks >= this.#operations;
  }

  pick(random: SeededRandom): string {
    const generation = Math.floor(this.#looks++ / (ACTIVE_GROUPS * LOOKS_PER_GROUP));
    return `group:${generation}:${random.below(ACTIVE_GROUPS)}/`;
  }

  nextMember(): number {
    return this.#members++;
  }
}

async function look(
  tx: Transaction,
  record: OpenRecord<GroupOperation>,
  groups: GroupNames,
  random: SeededRandom,
): Promise<void> {
  const group = groups.pick(random);
  const members = await observe(tx, group, random);
  if (members !== undefined) record.add({ kind: "observe", group, members });
  await seededPause(random);
  const target = random.chance(0.1) ? groups.pick(random) : group;
  if (members !== undefined && members.length < capacityOf(group)) {
    const member = groups.nextMember();
    await tx.set(`${target}${member}`, 2 ** (member % 30));
    record.add({ kind: "insert", group: target, member });
    if (random.chance(0.2)) {
      record.add({ kind: "observe", group: target, members: (await tx.keys(`${target}*`)).map(memberOf) });
    }
  }
  if (random.chance(0.05)) throw new ChangedMind();
}

function capacityOf(group: string): number {
  return Number(group.split(":")[2]?.slice(0, -1)) % 2 === 0 ? 1 : 3;
}

/** By every call that looks at a range. Undefined when it only told that there is something. */
async function observe(tx: Transaction, group: string, random: SeededRandom): Promise<number[] | undefined> {
  const pattern = `${group}*`;
  switch (random.below(6)) {
    case 0:
      return (await tx.count(pattern)) === 0 ? [] : undefined;
    case 1:
      return (await tx.keys(pattern, { limit: 1 })).length === 0 ? [] : undefined;
    case 2:
      return (await tx.keys(pattern, { reverse: true })).map(memberOf);
    case 3: {
      const members: number[] = [];
      for await (const { key } of tx.scan(pattern)) members.push(memberOf(key));
      return members;
    }
    case 4:
      return (await tx.keys(pattern)).map(memberOf);
    default:
      return [...(await tx.find(pattern)).keys()].map(memberOf);
  }
}

function memberOf(key: string): number {
  return Number(key.slice(key.indexOf("/") + 1));
}
