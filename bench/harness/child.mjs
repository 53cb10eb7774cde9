import { rows } from "../rows/index.mjs";
import { subjects } from "../subjects/index.mjs";
import { measuredRound } from "./measured-round.mjs";

const task = JSON.parse(process.argv[2]);
const bench = rows.find((row) => row.id === task.row).benches[task.bench];
const subject = subjects[task.subject];
const options = { ...bench.options, folder: task.folder, task };
let handle;
let state;

const actions = {
  async open() {
    handle = await (bench.open?.(subject, options) ?? subject.open(options));
    state = await bench.prepare?.(handle);
  },
  async join({ url }) {
    handle = await subject.connect(url, options);
  },
  async work({ index, ms }) {
    return bench.measures[index].work(handle, ms);
  },
  async build() {
    await bench.build(subject, options);
  },
  async round({ index }) {
    const measure = bench.measures[index];
    const [target, context] = bench.fresh ? [subject, options] : [handle, state];
    if (!bench.fresh && measure.needs !== undefined && target[measure.needs] === undefined) return undefined;
    return measuredRound(measure, bench.unit, () => measure.run(target, context));
  },
  async close() {
    await handle?.close?.();
  },
};

async function answer(request) {
  try {
    process.send({ result: await actions[request.kind](request) });
  } catch (error) {
    process.send({ error: `${task.subject}: ${error?.stack ?? error}` });
  }
}

process.on("message", (request) => void answer(request));
// The parent is gone: nobody reads what this process would still measure.
process.on("disconnect", () => process.exit(1));
