import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { StorageSettings } from "../../../src/plugin/settings.js";
import { findProgram, freePort, ServerProcess } from "./server-process.js";
import { sharedServer } from "./shared-server.js";
import { MEMORY_FOLDER } from "../memory-folder.js";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Options of a store that reach it by a socket in a folder, which costs half of what TCP does; not of a server that was there already. */
  readonly nearby?: StorageSettings["redis"];
  /** undefined for a server that was there already. */
  readonly process?: ServerProcess;
  /** Starts it again on the same data and port, after its process has ended. */
  restart?(): Promise<RedisServer>;
  stop(): Promise<void>;
}

const URL_VARIABLE = "HOLDFAST_TEST_REDIS_URL";
export const REDIS_READY = /Ready to accept connections/;
/** The server that all suites share: the one of HOLDFAST_TEST_REDIS_URL, or a private one; undefined where there is none. */
export const redisServer = sharedServer(async (): Promise<RedisServer | undefined> => {
  const url = process.env[URL_VARIABLE];
  if (url !== undefined) return { url, port: Number(new URL(url).port || 6379), stop: async () => undefined };
  return await startRedis();
});

/** Starts a private server of its own; undefined when the program is missing. `args` come last, so they win. */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer | undefined> {
  const program = redisProgram();
  if (program === undefined) return undefined;
  return await runOn(program, redisFolder(), await freePort(), args);
}

/** The program of a server; Valkey's where there is no Redis. */
export function redisProgram(): string | undefined {
  return findProgram("redis-server") ?? findProgram("valkey-server");
}

/** A new folder for the data of a server. */
export function redisFolder(): string {
  return mkdtempSync(join(MEMORY_FOLDER, "holdfast-redis-"));
}

async function runOn(
  program: string,
  folder: string,
  port: number,
  args: readonly string[],
): Promise<RedisServer> {
  const socket = join(folder, "socket");
  const server = await ServerProcess.start({
    name: "redis",
    program,
    args: [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
      ...["--unixsocket", socket],
      ...["--appendonly", "yes", "--appendfsync", "everysec", ...args],
    ],
    ready: REDIS_READY,
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    nearby: { options: { socket: { path: socket } } },
    process: server,
    restart: () => runOn(program, folder, port, args),
    async stop() {
      await server.stop("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
