import { Worker } from "node:worker_threads";
import { StorageFault } from "../../core/errors.js";
import { sqliteFault } from "./sqlite-errors.js";
import type { SqliteStore } from "./sqlite-store.js";

/** What takes SQLite long, and cannot be cut into slices. */
export type Task = "vacuum" | "check";

/**
 * The program of the thread, as text: it needs nothing of this package, and so runs the same from sources and when built.
 * The drivers differ in the class alone. SQLite itself waits for locks here, as no event loop stands still.
 */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const { url, path, task, timeoutMs } = workerData;
const messagesOf = (database) =>
  database
    .prepare("SELECT CAST(integrity_check AS BLOB) AS message FROM pragma_integrity_check")
    .all()
    .map(({ message }) => Buffer.from(message).toString())
    .filter((message) => message !== "ok");
const run = async () => {
  const module = await import(url);
  const database = new (module.DatabaseSync ?? module.default)(path);
  try {
    database.exec("PRAGMA busy_timeout = " + timeoutMs);
    if (task === "check") return messagesOf(database);
    database.exec("PRAGMA synchronous = FULL");
    database.exec("VACUUM");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return [];
  } finally {
    database.close();
  }
};
run().then(
  (messages) => parentPort.postMessage({ messages }),
  ({ message, code, rawCode, errcode }) => parentPort.postMessage({ failure: { message, code, rawCode, errcode } }),
);
`;

interface Failure {
  readonly message: string;
  readonly code?: unknown;
  readonly rawCode?: unknown;
  readonly errcode?: unknown;
}

type Answer = { readonly messages: readonly string[] } | { readonly failure: Failure };

/**
 * Carries out a task on a store's file in a thread and with a connection of its own.
 *
 * @returns what SQLite finds wrong with the file, when checking
 */
export async function inWorker(
  { driver, options }: SqliteStore,
  task: Task,
  timeoutMs: number,
): Promise<readonly string[]> {
  const doing = `${task === "check" ? "checking" : "compacting"} ${options.path}`;
  const workerData = { url: driver.url, path: options.path, task, timeoutMs: Math.floor(timeoutMs) };
  const answer = await answerOf(new Worker(PROGRAM, { eval: true, workerData }), doing);
  if ("messages" in answer) return answer.messages;
  const { message, ...codes } = answer.failure;
  const fault = sqliteFault(Object.assign(new Error(message), codes), doing);
  // Some damage ends the check itself; that is a finding too.
  if (task === "check" && fault.reason === "checksum") return [fault.message];
  throw fault;
}

async function answerOf(worker: Worker, doing: string): Promise<Answer> {
  let answer: Answer | undefined;
  await new Promise<void>((resolve, reject) => {
    worker.once("message", (message: Answer) => {
      answer = message;
    });
    worker.once("error", reject);
    worker.once("exit", () => resolve());
  });
  if (answer !== undefined) return answer;
  throw new StorageFault("io", `${doing} failed: the thread that did it ended early; try again`);
}
