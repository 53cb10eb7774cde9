// The demo: a host that takes in what is installed, answers questions about it, and survives kill -9.
// Usage: main.ts [--input <folder of JSON files>] [--help]
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, readdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { background, type Context } from "holdfast";
import { AUDIT } from "./audit/audit-plugin.js";
import { CATALOG } from "./catalog/catalog-plugin.js";
import { contest } from "./contest.js";
import { createHost, type Host } from "./host.js";
import { ingest } from "./ingest.js";
import { answerQuestions } from "./questions.js";
import { endWhenUnread, Terminal } from "./terminal.js";

const INSTALLED = fileURLToPath(new URL("../../node_modules", import.meta.url));
const MOST_SKIPPED_SHOWN = 10;

const PROGRESS_EVERY_MS = 50;

const USAGE = `Usage: npm run demo [-- --input <folder>]

A host with three plugins takes in a folder of JSON files, answers questions about them, lets two transactions
compete, is killed right after a write, and shows in a new process that nothing is lost.

  --input <folder>  the folder to take in; what is installed below node_modules when it is left out
  --help            shows this
`;

const ctx = background();
const terminal = new Terminal(process.stdout, process.env);
endWhenUnread(process.stdout);

const input = await inputFolder();
const data = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
process.on("exit", () => rmSync(data, { recursive: true, force: true }));
await firstLife(input, data);
await killedLife(data);
await nextLife(data);

async function inputFolder(): Promise<string> {
  try {
    const { values } = parseArgs({
      options: { input: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help === true) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    const path = resolve(values.input ?? INSTALLED);
    if ((await stat(path)).isDirectory()) return path;
    throw new Error(`${path} is not a folder`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}; the input is given by --input <folder>\n`);
    process.exit(2);
  }
}

/** One host from start to stop: takes the input in, answers questions, lets transactions compete. */
async function firstLife(folder: string, dataFolder: string): Promise<void> {
  const host = await createHost(dataFolder);
  const uninstall = host.registry.handleSignals();
  await host.registry.start(ctx);
  terminal.line(`The host has read host.yaml and runs ${[...host.registry.states.keys()].join(", ")}`);
  try {
    await work(host, folder);
  } catch (error) {
    // What a signal interrupts is no failure: the host is being stopped, and then the process ends.
    const interrupted = [...host.registry.states.values()].some((state) => state !== "started");
    if (interrupted) await new Promise(() => undefined);
    throw error;
  }
  await host.registry.stop(ctx);
  uninstall();
}

async function work(host: Host, folder: string): Promise<void> {
  await takeIn(host, folder);
  await answerQuestions(ctx, host.registry.resolve(CATALOG), terminal);
  await contest(ctx, host.registry.resolve(CATALOG).storage, terminal);
  await showCache(ctx, host);
}

async function takeIn(host: Host, folder: string): Promise<void> {
  const start = performance.now();
  let shownAt = -Infinity;
  const report = await ingest(ctx, host.registry.resolve(CATALOG), folder, (done, total) => {
    if (performance.now() - shownAt < PROGRESS_EVERY_MS) return;
    shownAt = performance.now();
    terminal.progress(`${done} of ${total} files`);
  });
  terminal.progress(undefined);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  terminal.line(`Took in ${report.files - report.skipped.length} files below ${folder} in ${seconds} s`);
  for (const { path, why } of report.skipped.slice(0, MOST_SKIPPED_SHOWN))
    terminal.line(`Skipped ${path}: ${why}`);
  const more = report.skipped.length - MOST_SKIPPED_SHOWN;
  if (more > 0) terminal.line(`Skipped ${more} more`);
  await host.registry.resolve(AUDIT).record(ctx, `took in ${report.files} files`);
}

async function showCache(asking: Context, { storage }: Host): Promise<void> {
  const stats = await storage.getCacheStats(asking);
  terminal.heading("How did the cache do?");
  const rate = `${(stats.hitRate * 100).toFixed(1)} %`;
  terminal.table(
    ["hits", "misses", "hit rate", "entries", "most", "evictions", "bytes"],
    [[stats.hits, stats.misses, rate, stats.size, stats.maxSize, stats.evictions, stats.bytes]],
  );
}

/** A host in a process of its own that kills itself with SIGKILL right after a write was acknowledged. */
async function killedLife(dataFolder: string): Promise<void> {
  terminal.heading("Killed with kill -9 right after a write");
  const { signal, output } = await run("killed-writer.ts", [dataFolder]);
  if (signal !== "SIGKILL") throw new Error(`the writer should have been killed: ${output}`);
  terminal.line(output.trimEnd());
  terminal.table(["left behind", "bytes"], await filesIn(dataFolder));
}

async function filesIn(folder: string): Promise<readonly (readonly [string, number])[]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).size] as const));
}

/** Another process opens what the killed one left. */
async function nextLife(dataFolder: string): Promise<void> {
  terminal.heading("Started again in a new process");
  const { code, output } = await run("next-life.ts", [dataFolder]);
  terminal.line(output.trimEnd());
  if (code !== 0) throw new Error("the data did not come back");
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

function run(script: string, args: readonly string[]): Promise<Ended> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, path, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code, signal, output }));
  });
}
