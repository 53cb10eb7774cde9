// Installs the servers that the tests run against where they are missing: on Debian, with root or a sudo that asks
// for no password. Elsewhere it says what to run; the suites that need them are then left out, except in CI, where
// they fail. Plain Node: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

const POSTGRES = "/usr/lib/postgresql";

/** One program of each server, of the file system whose power the tests cut, and the shell, with the Debian package that brings it. */
const SERVERS = [
  { program: "redis-server", package: "redis-server" },
  { program: "postgres", package: "postgresql" },
  { program: "mariadbd", package: "mariadb-server" },
  { program: "mkfs.xfs", package: "xfsprogs" },
  { program: "zsh", package: "zsh" },
];

/**
 * Installs what is missing.
 *
 * @returns a line that says what is still missing and how to get it; undefined when nothing is.
 */
export function ensureServers() {
  const wanted = SERVERS.filter(({ program }) => !isThere(program)).map((server) => server.package);
  if (wanted.length === 0) return undefined;
  const install = `apt-get update && apt-get install -y --no-install-recommends ${wanted.join(" ")}`;
  const command = elevated(install);
  if (command === undefined || !isThere("apt-get")) return `missing servers; run as root: ${install}`;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = spawnSync(command[0], command.slice(1), { encoding: "utf8", env });
  return apt.status === 0
    ? undefined
    : `could not install ${wanted.join(", ")}: ${apt.stderr}; run as root: ${install}`;
}

function isThere(program) {
  const postgres = existsSync(POSTGRES) ? readdirSync(POSTGRES).map((v) => join(POSTGRES, v, "bin")) : [];
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", ...postgres];
  return folders.some((folder) => existsSync(join(folder, program)));
}

function elevated(line) {
  if (process.getuid?.() === 0) return ["sh", "-c", line];
  const sudo = spawnSync("sudo", ["-n", "true"]);
  return sudo.status === 0 ? ["sudo", "-n", "sh", "-c", line] : undefined;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const problem = ensureServers();
  console.log(problem ?? "every server of the tests is there");
  process.exitCode = problem === undefined ? 0 : 1;
}
