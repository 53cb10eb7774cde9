import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));
const NODE_OPTIONS = ["--expose-gc", "--max-old-space-size=8192"];
const running = new Set();

/** A child process that holds one subject of one bench and does one thing at a time on request. */
export class SubjectProcess {
  #child;
  #pending;
  #failure;

  /** `task` is { row, bench, subject, folder }, what child.mjs needs to find its work. */
  constructor(task) {
    this.#child = fork(CHILD, [JSON.stringify(task)], {
      execArgv: [...NODE_OPTIONS, ...(task.nodeOptions ?? [])],
    });
    running.add(this.#child);
    this.#child.on("message", (answer) => this.#settle(answer));
    this.#child.on("exit", (code, signal) => {
      running.delete(this.#child);
      this.#failure = new Error(
        `the process of ${task.subject} ended early (${signal ?? `exit code ${code}`})`,
      );
      this.#settle({ error: this.#failure.message });
    });
  }

  /** Asks for an action of child.mjs: "open", "build", "close", a "round" of a measure by its index, … */
  async ask(request) {
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#child.send(request);
    });
  }

  async close() {
    await this.ask({ kind: "close" });
    await this.kill();
  }

  kill() {
    if (!running.has(this.#child)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once("exit", resolve);
      this.#child.kill("SIGKILL");
    });
  }

  #settle(answer) {
    const pending = this.#pending;
    this.#pending = undefined;
    if (answer.error === undefined) pending?.resolve(answer.result);
    else pending?.reject(new Error(answer.error));
  }
}

/** Ends every child that is left; for aborts. */
export function killAllSubjects() {
  for (const child of running) child.kill("SIGKILL");
}
