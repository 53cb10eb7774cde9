import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { StorageSettings } from "../../../src/plugin/settings.js";
import { findProgram, freePort, ServerProcess } from "./server-process.js";
import { sharedServer } from "./shared-server.js";
import { MEMORY_FOLDER } from "../memory-folder.js";

export interface MariadbServer {
  /** Of a user who may do everything in the database `holdfast`. */
  readonly url: string;
  readonly port: number;
  /** Options of a store that reach it by a socket in a folder, which costs half of what TCP does; not of a server that was there already. */
  readonly nearby?: StorageSettings["mysql"];
  /** undefined for a server that was there already. */
  readonly process?: ServerProcess;
  /** Starts it again on the same data and port, after its process has ended. */
  restart?(): Promise<MariadbServer>;
  stop(): Promise<void>;
}

export interface MariadbOptions {
  /** Durable commits cost a sync each; without them the suites run several times faster. */
  readonly durable?: boolean;
  readonly args?: readonly string[];
}

const DATABASE = "holdfast";
const URL_VARIABLE = "HOLDFAST_TEST_MYSQL_URL";
const READY = /ready for connections/;
const SMALL = [
  "--innodb-log-file-size=16M",
  "--innodb-buffer-pool-size=64M",
  "--innodb-data-file-path=ibdata1:4M:autoextend",
];

/** The server that all suites share: the one of HOLDFAST_TEST_MYSQL_URL, or a private one; undefined where there is none. */
export const mariadbServer = sharedServer(async (): Promise<MariadbServer | undefined> => {
  const url = process.env[URL_VARIABLE];
  if (url !== undefined) return { url, port: Number(new URL(url).port || 3306), stop: async () => undefined };
  return await startMariadb();
});

/** Starts a private server of its own; undefined when the programs are missing. */
export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbServer | undefined> {
  const program = findProgram("mariadbd");
  const template = program === undefined ? undefined : templateFolder(program);
  if (program === undefined || template === undefined) return undefined;
  const folder = mkdtempSync(join(MEMORY_FOLDER, "holdfast-mariadb-"));
  cpSync(template, folder, { recursive: true });
  mkdirSync(temporaryOf(folder));
  return await runOn(program, folder, await freePort(), options);
}

async function runOn(
  program: string,
  folder: string,
  port: number,
  options: MariadbOptions,
): Promise<MariadbServer> {
  const server = await ServerProcess.start({
    name: "mariadb",
    program,
    args: [...serverArgs(folder, port, options), ...(options.args ?? [])],
    ready: READY,
  });
  return {
    url: `mysql://root@127.0.0.1:${port}/${DATABASE}`,
    port,
    nearby: { user: "root", database: DATABASE, options: { socketPath: socketOf(folder) } },
    process: server,
    restart: () => runOn(program, folder, port, options),
    async stop() {
      await server.stop("SIGKILL");
      for (const each of [folder, temporaryOf(folder)]) rmSync(each, { recursive: true, force: true });
    },
  };
}

function serverArgs(folder: string, port: number, { durable = false }: MariadbOptions): string[] {
  return [
    "--no-defaults",
    ...asRoot(),
    `--datadir=${folder}`,
    // A server that starts removes what it takes for its own leavings, also those of another at work there.
    `--tmpdir=${temporaryOf(folder)}`,
    `--socket=${socketOf(folder)}`,
    `--pid-file=${join(folder, "pid")}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    `--innodb-flush-log-at-trx-commit=${durable ? 1 : 2}`,
    "--max-allowed-packet=256M",
    ...SMALL,
  ];
}

function socketOf(folder: string): string {
  return join(folder, "socket");
}

/** Beside the folder of the data, where each folder is a database. */
function temporaryOf(folder: string): string {
  return `${folder}-temporary`;
}

function asRoot(): string[] {
  return process.getuid?.() === 0 ? ["--user=root"] : [];
}

/** A folder that is ready to be copied: making one takes seconds, so it is kept for later runs of this user. */
function templateFolder(program: string): string | undefined {
  const install = findProgram("mariadb-install-db");
  if (install === undefined) return undefined;
  const version = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.match(/[\d.]+-MariaDB/)?.[0];
  const template = join(tmpdir(), `holdfast-mariadb-${version}-${process.getuid?.()}`);
  if (existsSync(template)) return template;
  const draft = mkdtempSync(join(tmpdir(), "holdfast-mariadb-draft-"));
  const args = [
    "--no-defaults",
    `--datadir=${draft}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    ...SMALL,
    ...asRoot(),
  ];
  const made = spawnSync(install, args, { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stderr || made.stdout}`);
  createDatabase(program, draft);
  // Of several runs that make one at the same time, the first wins.
  try {
    renameSync(draft, template);
  } catch {
    rmSync(draft, { recursive: true, force: true });
  }
  return template;
}

function createDatabase(program: string, folder: string): void {
  const args = ["--no-defaults", ...asRoot(), `--datadir=${folder}`, "--bootstrap", ...SMALL];
  const made = spawnSync(program, args, { encoding: "utf8", input: `create database ${DATABASE};\n` });
  if (made.status !== 0) throw new Error(`mariadbd --bootstrap failed: ${made.stderr}`);
}
