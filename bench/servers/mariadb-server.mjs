import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram, freePort, startServer, unlessThere } from "./server.mjs";

export const noMariadb = () => unlessThere("mariadbd") ?? unlessThere("mariadb-install-db");

const asRoot = () => (process.getuid() === 0 ? ["--user=root"] : []);

/** A private server with its files in `folder`, durable as it is by default. */
export async function startMariadb(folder) {
  const [data, temporary] = [join(folder, "mariadb"), join(folder, "temporary")];
  mkdirSync(temporary);
  const common = ["--no-defaults", `--datadir=${data}`, ...asRoot()];
  const install = [...common, "--auth-root-authentication-method=normal", "--skip-test-db"];
  execFileSync(findProgram("mariadb-install-db"), install, { stdio: ["ignore", "ignore", "pipe"] });
  execFileSync(findProgram("mariadbd"), [...common, "--bootstrap"], {
    input: "create database bench;\n",
    stdio: ["pipe", "ignore", "pipe"],
  });
  const port = await freePort();
  const places = [
    `--tmpdir=${temporary}`,
    `--socket=${join(folder, "socket")}`,
    `--pid-file=${join(folder, "pid")}`,
  ];
  const network = [`--port=${port}`, "--bind-address=127.0.0.1"];
  const stop = await startServer("mariadbd", [...common, ...places, ...network], {
    ready: "ready for connections",
  });
  return { url: `mysql://root@127.0.0.1:${port}/bench`, stop };
}
