import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rows } from "../rows/index.mjs";
import { removeAllDataFolders } from "./data-folder.mjs";
import { machineLine } from "./machine.mjs";
import { packageFacts } from "./package-facts.mjs";
import { writeSections } from "./performance-page.mjs";
import { rowReport, table } from "./report.mjs";
import { runRow } from "./run-row.mjs";
import { killAllSubjects } from "./subject-process.mjs";

const RESULTS = fileURLToPath(new URL("../results/", import.meta.url));
const PAGE = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));

/** Runs the chosen rows, prints each as it ends, and writes the figures. */
export async function runBenches({ root, rowIds, rounds, json, docs }) {
  removeOnAbort();
  const log = (line) => console.error(line);
  const run = {
    machine: machineLine(),
    date: new Date().toISOString(),
    rows: [],
    package: packageFacts(root),
  };
  console.log(`${run.machine}\n`);
  for (const row of rows.filter(({ id }) => rowIds.includes(id))) {
    const result = await runRow(row, { rounds, log });
    run.rows.push(result);
    console.log(`\n${rowReport(result)}\n`);
  }
  console.log(factsTable(run));
  save(run, json);
  if (docs) writeSections(PAGE, sectionsOf(run));
}

function factsTable({ package: facts }) {
  return table([["package", ""], ...Object.entries(facts)]);
}

function save(run, json) {
  mkdirSync(RESULTS, { recursive: true });
  const text = `${JSON.stringify(run, undefined, 2)}\n`;
  for (const path of [`${RESULTS}latest.json`, ...(json === undefined ? [] : [json])])
    writeFileSync(path, text);
}

function sectionsOf(run) {
  const day = run.date.slice(0, 10);
  const reports = run.rows.map((row) => [row.id, `${rowReport(row)}\n\n${run.machine}, ${day}`]);
  return { ...Object.fromEntries(reports), package: factsTable(run) };
}

/** An abort leaves neither a child nor data behind. */
function removeOnAbort() {
  process.on("exit", () => {
    killAllSubjects();
    removeAllDataFolders();
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));
}
