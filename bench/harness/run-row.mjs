import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { subjects } from "../subjects/index.mjs";
import { makeDataFolder, removeDataFolder } from "./data-folder.mjs";
import { median, spread } from "./statistics.mjs";
import { SubjectProcess } from "./subject-process.mjs";

/** A round that waited longer than this for a processor measured the neighbours, not the subject. */
const MOST_WAIT_SHARE = 0.1;
const MOST_REPEATS = 2;
const WARM_UPS = 3;

/** Measures all benches of a row: every subject in a process of its own, rounds interleaved on the same work. */
export async function runRow(row, { rounds, log }) {
  const benches = [];
  for (const [index, bench] of row.benches.entries()) {
    log(`${row.id} ${bench.title}`);
    benches.push(await runBench(row, index, { rounds: Math.min(rounds, bench.rounds ?? rounds), log }));
  }
  return { id: row.id, title: row.title, benches, goals: row.goals };
}

async function runBench(row, index, { rounds, log }) {
  const bench = row.benches[index];
  const folder = makeDataFolder();
  const skipped = bench.subjects.flatMap((name) => {
    const reason = subjects[name].unavailable?.();
    return reason === undefined ? [] : [{ name, reason }];
  });
  for (const { name, reason } of skipped) log(`  ${name} skipped: ${reason}`);
  const names = bench.subjects.filter((name) => !skipped.some((skip) => skip.name === name));
  const contestants = names.map((name, place) => {
    const own = join(folder, String(place));
    mkdirSync(own);
    return contestantOf(bench, {
      row: row.id,
      bench: index,
      subject: name,
      folder: own,
      nodeOptions: bench.nodeOptions,
    });
  });
  try {
    for (const contestant of contestants) await contestant.start();
    await warmUp(bench, contestants);
    for (let round = 0; round < rounds; round++) await interleavedRound(bench, contestants);
    for (const contestant of contestants) await contestant.stop();
    return {
      title: bench.title,
      unit: bench.unit,
      ours: bench.ours,
      skipped,
      subjects: contestants.map(summaryOf),
    };
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.kill()));
    removeDataFolder(folder);
  }
}

async function warmUp(bench, contestants) {
  if (bench.fresh) return;
  for (let i = 0; i < (bench.warmUps ?? WARM_UPS); i++) {
    for (const index of bench.measures.keys()) {
      for (const contestant of contestants) await contestant.round(index);
    }
  }
}

async function interleavedRound(bench, contestants) {
  for (const index of bench.measures.keys()) {
    for (const contestant of contestants) await undisturbedRound(bench, contestant, index);
  }
}

/** Repeats a disturbed round a few times; when none was quiet the quietest counts, and is counted as disturbed. */
async function undisturbedRound(bench, contestant, index) {
  let best;
  for (let attempt = 0; attempt <= (bench.repeats ?? MOST_REPEATS); attempt++) {
    const sample = await contestant.round(index);
    if (sample === undefined) return;
    if (best === undefined || sample.waitShare < best.waitShare) best = sample;
    if (best.waitShare <= MOST_WAIT_SHARE) break;
    contestant.repeated++;
  }
  contestant.samples.push(best);
}

function contestantOf(bench, task) {
  const base = { name: task.subject, samples: [], repeated: 0 };
  return bench.fresh ? { ...base, ...freshProcesses(bench, task) } : { ...base, ...oneProcess(task) };
}

/** One process for all rounds: for what is measured warm. */
function oneProcess(task) {
  let subjectProcess;
  return {
    async start() {
      subjectProcess = new SubjectProcess(task);
      await subjectProcess.ask({ kind: "open" });
    },
    round: (index) => subjectProcess.ask({ kind: "round", index }),
    stop: () => subjectProcess.close(),
    kill: async () => subjectProcess?.kill(),
  };
}

/** A new process for each round, on data that an earlier one built: for what is measured cold. */
function freshProcesses(bench, task) {
  let current;
  const inNewProcess = async (request) => {
    current = new SubjectProcess(task);
    const answer = await current.ask(request);
    await current.kill();
    return answer;
  };
  return {
    start: async () => (bench.build === undefined ? undefined : inNewProcess({ kind: "build" })),
    round: (index) => inNewProcess({ kind: "round", index }),
    stop: async () => undefined,
    kill: async () => current?.kill(),
  };
}

function summaryOf({ name, samples, repeated }) {
  const figures = {};
  for (const figure of new Set(samples.flatMap((sample) => Object.keys(sample.figures)))) {
    const values = samples.flatMap((sample) => sample.figures[figure] ?? []);
    figures[figure] = { median: median(values), ...spread(values), values };
  }
  const disturbed = samples.filter((sample) => sample.waitShare > MOST_WAIT_SHARE).length;
  const { durability, copies } = subjects[name];
  return { name, durability, copies, figures, repeated, disturbed };
}
