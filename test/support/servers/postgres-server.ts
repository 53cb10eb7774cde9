import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { StorageSettings } from "../../../src/plugin/settings.js";
import { findProgram, freePort, ServerProcess } from "./server-process.js";
import { sharedServer } from "./shared-server.js";
import { MEMORY_FOLDER } from "../memory-folder.js";

export interface PostgresServer {
  /** Of a user who may do everything in its database. */
  readonly url: string;
  readonly port: number;
  /** Options of a store that reach it by a socket in a folder, which costs half of what TCP does; not of a server that was there already. */
  readonly nearby?: StorageSettings["postgres"];
  /** undefined for a server that was there already. */
  readonly process?: ServerProcess;
  /** Starts it again on the same data and port, after its process has ended. */
  restart?(): Promise<PostgresServer>;
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Durable commits cost a sync each; without them the suites run several times faster. */
  readonly durable?: boolean;
  readonly args?: readonly string[];
}

const URL_VARIABLE = "HOLDFAST_TEST_POSTGRES_URL";
const READY = /database system is ready to accept (?:read-only )?connections/;
const SUPERUSER = "holdfast";
const DATABASE = "postgres";
export const POSTGRES_PASSWORD = "canary-of-the-tests";
type Identity = { readonly uid: number; readonly gid: number };

/** The server that all suites share: the one of HOLDFAST_TEST_POSTGRES_URL, or a private one; undefined where there is none. */
export const postgresServer = sharedServer(async (): Promise<PostgresServer | undefined> => {
  const url = process.env[URL_VARIABLE];
  if (url !== undefined) return { url, port: Number(new URL(url).port || 5432), stop: async () => undefined };
  return await startPostgres();
});

/** Starts a private server of its own; undefined when the programs are missing. */
export async function startPostgres(
  options: PostgresServerOptions = {},
): Promise<PostgresServer | undefined> {
  const program = findProgram("postgres");
  const initdb = findProgram("initdb");
  const user = serverUser();
  if (program === undefined || initdb === undefined || user === "missing") return undefined;
  const folder = mkdtempSync(join(MEMORY_FOLDER, "holdfast-postgres-"));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  initialise(initdb, folder, user);
  return await runOn(program, folder, await freePort(), user, options);
}

/** Starts a hot standby that follows a private server; `SELECT pg_promote()` makes it a server of its own. */
export async function startPostgresStandby(primary: PostgresServer): Promise<PostgresServer> {
  const [program, copy] = [findProgram("postgres"), findProgram("pg_basebackup")];
  const user = serverUser();
  if (program === undefined || copy === undefined || user === "missing")
    throw new Error("pg_basebackup is missing beside the server's own program");
  const folder = mkdtempSync(join(MEMORY_FOLDER, "holdfast-postgres-standby-"));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const args = ["--pgdata", join(folder, "data"), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"];
  execFileSync(copy, [`--dbname=${primary.url}`, ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    ...user,
  });
  return await runOn(program, folder, await freePort(), user, {});
}

/** PostgreSQL refuses to run as root; undefined: it may run as whoever runs the tests. */
function serverUser(): Identity | "missing" | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): string => spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout;
  const [uid, gid] = [Number.parseInt(id("-u"), 10), Number.parseInt(id("-g"), 10)];
  return Number.isNaN(uid) || Number.isNaN(gid) ? "missing" : { uid, gid };
}

function initialise(initdb: string, folder: string, user: Identity | undefined): void {
  const args = ["-D", join(folder, "data"), "-U", SUPERUSER, "-E", "UTF8", "--no-sync", "--no-instructions"];
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, POSTGRES_PASSWORD);
  const auth = ["--auth=scram-sha-256", `--pwfile=${passwordFile}`, "--locale=C"];
  execFileSync(initdb, [...args, ...auth], { cwd: folder, stdio: ["ignore", "ignore", "pipe"], ...user });
}

async function runOn(
  program: string,
  folder: string,
  port: number,
  user: Identity | undefined,
  options: PostgresServerOptions,
): Promise<PostgresServer> {
  const { durable = false, args = [] } = options;
  const server = await ServerProcess.start({
    name: "postgres",
    program,
    cwd: folder,
    args: [
      ...["-D", join(folder, "data"), "-p", String(port), "-c", "listen_addresses=127.0.0.1"],
      ...["-c", `unix_socket_directories=${folder}`, "-c", `fsync=${durable ? "on" : "off"}`],
      ...["-c", "shared_buffers=64MB", "-c", "max_connections=200", "-c", "max_wal_size=256MB"],
      ...args,
    ],
    ready: READY,
    ...(user !== undefined && { user }),
  });
  return {
    url: `postgres://${SUPERUSER}:${POSTGRES_PASSWORD}@127.0.0.1:${port}/${DATABASE}`,
    port,
    nearby: { host: folder, port, user: SUPERUSER, password: POSTGRES_PASSWORD, database: DATABASE },
    process: server,
    restart: () => runOn(program, folder, port, user, options),
    async stop() {
      await server.stop("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
