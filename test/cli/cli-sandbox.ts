import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import type { StorageSettings } from "../../src/index.js";
import { main } from "../../src/cli/main.js";
import { ROOT } from "../architecture/source-tree.js";
import { ensureBuilt } from "../support/built-package.js";
import { MEMORY_FOLDER } from "../support/memory-folder.js";

/** What a run of the command line came to. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  /** Given as standard input. */
  readonly input?: string | Uint8Array;
  /** All three streams say that they are terminals. */
  readonly terminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly interrupt?: AbortSignal;
  /** Instead of one that keeps everything. */
  readonly stdout?: Writable;
  readonly onStderr?: () => void;
}

export const BINARY = join(ROOT, "dist/cli.js");

/** A folder with the command line: built, as a program of its own, and for many small cases inside this process. */
export class CliSandbox {
  readonly folder = mkdtempSync(join(MEMORY_FOLDER, "holdfast-cli-"));
  readonly #bin = join(this.folder, ".bin");
  readonly #children = new Set<ChildProcess>();

  constructor() {
    ensureBuilt();
    mkdirSync(this.#bin);
    const program = join(this.#bin, "holdfast");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${BINARY}" "$@"\n`);
    chmodSync(program, 0o755);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a configuration, JSON being YAML; its path. */
  configure(settings: StorageSettings, name = "storage.yaml"): string {
    writeFileSync(this.path(name), JSON.stringify({ storage: settings }));
    return this.path(name);
  }

  /** A store of files in the folder, under the name where it is looked for. */
  configureFile(): string {
    return this.configure({ backend: "file", file: { path: this.path("data/store.json") } });
  }

  /** Runs the code in this process: quick, and as the program would, but for its ending. */
  async call(args: readonly string[], options: CallOptions = {}): Promise<CliResult> {
    const { input = "", terminal = false, environment = {} } = options;
    const stdout = new Collector();
    const stderr = new Collector(options.onStderr);
    const code = await main(args, {
      stdin: Object.assign(Readable.from(input.length === 0 ? [] : [Buffer.from(input)]), {
        isTTY: terminal,
      }),
      stdout: Object.assign(options.stdout ?? stdout, { isTTY: terminal, columns: 80 }),
      stderr: Object.assign(stderr, { isTTY: terminal, columns: 80 }),
      environment,
      interrupt: options.interrupt ?? new AbortController().signal,
    });
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  /** Runs the built program in the folder. */
  run(args: readonly string[], input?: string | Uint8Array): Promise<CliResult> {
    return this.start(args, input).ended;
  }

  /** Runs a script of bash in the folder, from which `holdfast` is found. */
  shell(script: string): Promise<CliResult> {
    return this.#spawn("bash", ["-c", script]).ended;
  }

  /** Runs a command line on a terminal of its own; both outputs are one there. */
  terminal(command: string): RunningCli {
    return this.#spawn("script", ["-qec", command, "/dev/null"]);
  }

  start(args: readonly string[], input?: string | Uint8Array): RunningCli {
    const running = this.#spawn(process.execPath, [BINARY, ...args]);
    running.child.stdin?.end(input);
    return running;
  }

  remove(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(command: string, args: readonly string[]): RunningCli {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { HOME, PATH: `${this.#bin}:${PATH}`, LC_ALL: "C.UTF-8" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#children.add(child);
    child.stdin.on("error", () => undefined);
    const running = new RunningCli(child);
    void running.ended.then(() => this.#children.delete(child));
    return running;
  }
}

/** A program under way. */
export class RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
  stdout = "";
  stderr = "";

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = once(child, "close").then(([code]) => {
      return { code: code as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }
}

class Collector extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #onChunk: (() => void) | undefined;

  constructor(onChunk?: () => void) {
    super();
    this.#onChunk = onChunk;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    this.#onChunk?.();
    done();
  }
}
