import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { ROOT } from "../architecture/source-tree.js";
import { compiledProgram } from "./compiled-program.js";

/** Time for a process to say how it stands. */
const STATE_PAUSE_MS = 1000;

/**
 * Another process that works on a store: a program of the tests that is given a task as JSON and
 * sends what came of it as messages.
 */
export class StoreProcess {
  readonly #child: ChildProcess;
  readonly #messages: unknown[] = [];
  #wake: () => void = () => undefined;
  #errors = "";

  /** @param variables of its environment, beside those of this process. */
  constructor(program: URL, task: unknown, variables: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [compiledProgram(program), JSON.stringify(task)], {
      cwd: ROOT,
      env: { ...process.env, ...variables },
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
    this.#child.on("message", (message) => {
      this.#messages.push(message);
      this.#wake();
    });
    this.#child.on("exit", () => this.#wake());
  }

  /**
   * The next message. Rejects when the process has ended without one, with the end of what it printed, and after so
   * many milliseconds, with what it says of its state.
   */
  async next<T>(limitMs = 150_000): Promise<T> {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      this.#child.kill("SIGUSR2");
      setTimeout(() => this.#wake(), STATE_PAUSE_MS);
    }, limitMs);
    try {
      return await this.#nextUntil<T>(() => isLate);
    } finally {
      clearTimeout(late);
    }
  }

  async #nextUntil<T>(isLate: () => boolean): Promise<T> {
    while (this.#messages.length === 0) {
      if (isLate()) throw new Error(`the process told nothing in time; it printed:\n${this.#errors}`);
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(
          `the process ended with ${this.#child.exitCode ?? this.#child.signalCode}:\n${this.#errors}`,
        );
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift() as T;
  }

  send(message: unknown): void {
    this.#child.send(message as object);
  }

  /** Waits for its end; ends it when it is still at work. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

/** In such a program: its task. The process lives on until the test ends it. */
export function taskOf<T>(): T {
  process.on("message", () => undefined);
  return JSON.parse(process.argv[2] as string) as T;
}

/** In such a program: tells the test. */
export function tell(message: unknown): void {
  process.send?.(message);
}

/** In such a program: what it says of its state when the test has waited for it too long. */
export function tellWhenLate(state: () => unknown): void {
  process.on("SIGUSR2", () => process.stderr.write(`${JSON.stringify(state())}\n`));
}
