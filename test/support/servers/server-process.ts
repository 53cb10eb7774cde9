import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import process from "node:process";

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;
const OUTPUT_KEPT = 64 * 1024;

/** What is started, and how it is seen to be ready. */
export interface ServerCommand {
  /** Stands in errors: `redis`, `postgres`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** A line of its output that says it takes connections. */
  readonly ready: RegExp;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The user and group it runs as; servers that refuse root need one. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/**
 * A private server of the tests. It dies with the process that started it, however that ends, so that a killed test
 * run leaves nothing behind.
 */
export class ServerProcess {
  readonly #command: ServerCommand;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(command: ServerCommand, child: ChildProcess) {
    this.#command = command;
    this.#child = child;
  }

  /** Resolves when it is ready; rejects with its last output when it ends or stays silent instead. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const identity = command.user === undefined ? [] : asUser(command.user);
    const args = ["--pdeathsig", "SIGKILL", ...identity, command.program, ...command.args];
    const child = spawn("setpriv", args, {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const server = new ServerProcess(command, child);
    await server.#untilReady();
    // What runs on must not keep the test run from ending.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) (stream as { unref?: () => void } | null)?.unref?.();
    return server;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The last it printed. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it by `signal` and waits; by SIGKILL when it takes too long. A second call does nothing. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.isRunning) return;
    const ended = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.ref();
    this.signal("SIGCONT");
    this.signal(signal);
    const impatient = setTimeout(() => this.signal("SIGKILL"), STOP_WITHIN_MS);
    await ended;
    clearTimeout(impatient);
  }

  async #untilReady(): Promise<void> {
    const child = this.#child;
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string): void => {
        clearTimeout(timer);
        child.kill("SIGKILL");
        reject(new Error(`${this.#command.name}: ${what}\n${this.#output.slice(-4000)}`));
      };
      const timer = setTimeout(() => fail(`not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
      const read = (chunk: Buffer): void => {
        this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_KEPT);
        if (!this.#command.ready.test(this.#output)) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout?.on("data", read);
      child.stderr?.on("data", read);
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code, signal) => fail(`ended with ${code ?? signal} before it was ready`));
    });
  }
}

function asUser({ uid, gid }: { readonly uid: number; readonly gid: number }): string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
}

/** The path of a program: on PATH, in /usr/sbin, or where Debian keeps PostgreSQL's; undefined when it is not there. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", ...postgresFolders()];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

const POSTGRES = "/usr/lib/postgresql";

/** The newest first. */
function postgresFolders(): string[] {
  if (!existsSync(POSTGRES)) return [];
  const versions = readdirSync(POSTGRES).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(POSTGRES, version, "bin"));
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
