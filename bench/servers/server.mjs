import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

/** Where Debian keeps the programs of PostgreSQL, one folder per version and none of them on PATH. */
const POSTGRES = "/usr/lib/postgresql";

const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES).sort((a, b) => Number(b) - Number(a)) : [];
const FOLDERS = [
  ...(process.env.PATH ?? "").split(delimiter),
  "/usr/sbin",
  ...versions.map((version) => join(POSTGRES, version, "bin")),
];

/** The path of a program, undefined where there is none. */
export const findProgram = (name) => FOLDERS.map((folder) => join(folder, name)).find(existsSync);

/** Why a subject that needs this program cannot be measured; undefined when it can. */
export const unlessThere = (program) =>
  findProgram(program) === undefined ? `${program} is not installed` : undefined;

export async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/**
 * Starts a server and waits until it says that it is ready. It dies with this process where setpriv exists, so that an
 * abort leaves none behind.
 *
 * @param user the uid and gid it runs as; this process's own unless given
 * @returns what stops it, resolved once it has ended
 */
export async function startServer(name, args, { ready, user }) {
  const server = [findProgram(name), ...args];
  const setpriv = findProgram("setpriv");
  const identity = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  const command =
    setpriv === undefined ? server : [setpriv, ...identity, "--pdeathsig", "SIGKILL", ...server];
  const child = spawn(command[0], command.slice(1), { cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let said = "";
  await new Promise((resolve, reject) => {
    const hear = (text) => {
      said += text;
      if (said.includes(ready)) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    void ended.then((code) => reject(new Error(`${name} ended with code ${code}:\n${said}`)));
  });
  child.stdout.removeAllListeners("data").resume();
  child.stderr.removeAllListeners("data").resume();
  return async () => {
    child.kill("SIGQUIT");
    setTimeout(() => child.kill("SIGKILL"), 5000).unref();
    await ended;
  };
}
