import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram, freePort, startServer, unlessThere } from "./server.mjs";

export const noPostgres = () =>
  unlessThere("postgres") ??
  unlessThere("initdb") ??
  (userOfServer() === "missing" ? "no user postgres" : undefined);

/** PostgreSQL refuses to run as root; undefined: as whoever runs this. */
function userOfServer() {
  if (process.getuid() !== 0) return undefined;
  const id = (flag) =>
    Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return "missing";
  }
}

/** A private server with its files in `folder`, durable as it is by default. */
export async function startPostgres(folder) {
  const user = userOfServer();
  const own = join(folder, "postgres");
  mkdirSync(own);
  if (user !== undefined) {
    // Its user must be able to pass through what root made for itself.
    for (const each of [dirname(folder), folder]) chmodSync(each, 0o711);
    chownSync(own, user.uid, user.gid);
  }
  const data = join(own, "data");
  const initdb = [
    "-D",
    data,
    "-U",
    "holdfast",
    "-E",
    "UTF8",
    "--locale=C",
    "--auth=trust",
    "--no-instructions",
  ];
  execFileSync(findProgram("initdb"), initdb, { cwd: own, stdio: ["ignore", "ignore", "pipe"], ...user });
  const port = await freePort();
  const args = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1"];
  const stop = await startServer("postgres", [...args, "-c", `unix_socket_directories=${own}`], {
    ready: "database system is ready to accept connections",
    user,
  });
  return { url: `postgres://holdfast@127.0.0.1:${port}/postgres`, stop };
}
