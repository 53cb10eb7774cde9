import { SubjectProcess } from "../harness/subject-process.mjs";
import { valuesInTurn } from "../harness/records.mjs";

const TASKS = 64;
const WARM_MS = 1000;
const MEASURED_MS = 2000;

/** What the tasks of every process do to one key, and how much of it the store then says was done. */
const WORK = {
  push: (handle) => {
    const list = handle.list("jobs");
    const nextItem = valuesInTurn();
    return { operation: () => list.push(nextItem()), total: () => list.length() };
  },
  increment: (handle) => {
    const counter = handle.counter("visits");
    return { operation: () => counter.increment(), total: () => counter.get() };
  },
};

/** Lets the tasks repeat the operation for so long; how many there were within that time, and in all. */
async function repeatFor(ms, operation) {
  const end = performance.now() + ms;
  let all = 0;
  let inTime = 0;
  const task = async () => {
    while (performance.now() < end) {
      await operation();
      all += 1;
      if (performance.now() <= end) inTime += 1;
    }
  };
  await Promise.all(Array.from({ length: TASKS }, task));
  return { all, inTime };
}

async function joined(count, { url, task }) {
  const workers = Array.from({ length: count }, () => new SubjectProcess(task));
  await Promise.all(workers.map((worker) => worker.ask({ kind: "join", url })));
  return workers;
}

/** Has all processes work at the same time; operations a second in each, the slowest first. */
async function ratesOf(workers, index) {
  const total = async () => (await workers[0].ask({ kind: "work", index, ms: 0 })).total;
  const everybody = (ms) => Promise.all(workers.map((worker) => worker.ask({ kind: "work", index, ms })));
  await everybody(WARM_MS);
  const before = await total();
  const done = await everybody(MEASURED_MS);
  const [acknowledged, held] = [done.reduce((sum, { all }) => sum + all, 0), (await total()) - before];
  if (held !== acknowledged)
    throw new Error(`${acknowledged} of ${workers.length} processes were acknowledged, ${held} are there`);
  return done.map(({ inTime }) => (inTime / MEASURED_MS) * 1000).sort((a, b) => a - b);
}

/** One process or two, new ones each round: none of them follows what others write before or after its own work. */
const fromProcesses = (count, name, index) => ({
  name: `${name}, ${count}`,
  async work(handle, ms) {
    const { operation, total } = WORK[name](handle);
    if (ms === 0) return { total: await total() };
    return repeatFor(ms, operation);
  },
  async run(server) {
    const workers = await joined(count, server);
    const rates = await ratesOf(workers, index);
    for (const worker of workers) await worker.close();
    if (count === 1) return { [alone(name)]: rates[0] };
    return {
      [slower(name)]: rates[0],
      [`${name}, faster of 2`]: rates[1],
      "slower of faster": rates[0] / rates[1],
    };
  },
});

const alone = (name) => `${name}, 1 process`;
const slower = (name) => `${name}, slower of 2`;

const TITLES = { push: "pushing 200 bytes to one list", increment: "incrementing one counter" };

/** A bench for each structure; the process of a subject holds the server, and others do the work. */
export const sharedStructureBenches = (title, subjects) =>
  Object.keys(WORK).map((name) => ({
    title: `${title}: ${TASKS} concurrent tasks in each process ${TITLES[name]}`,
    ours: subjects[0],
    unit: "operations a second in each process",
    rounds: 5,
    warmUps: 0,
    repeats: 0,
    subjects,
    async open(subject, { folder, task }) {
      const { url, stop } = await subject.start(folder);
      return { url, task, close: stop };
    },
    measures: [fromProcesses(1, name, 0), fromProcesses(2, name, 1)],
  }));

/** What is asked of the slower of two processes. */
export const sharedStructureGoals = (ours, least) =>
  Object.keys(WORK).map((name) => ({ figure: slower(name), ours, least }));
