import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** A script as servers know it. */
export interface RedisScript {
  readonly name: string;
  readonly source: string;
  /** What EVALSHA calls it by. */
  readonly sha: string;
}

const FOLDER = new URL("./scripts/", import.meta.url);

function load(name: string): RedisScript {
  const source = ["prelude", name]
    .map((file) => readFileSync(new URL(`${file}.lua`, FOLDER), "utf8"))
    .join("\n");
  return { name, source, sha: createHash("sha1").update(source).digest("hex") };
}

/** Every script, read from its file beside this module; each file says what goes in and what comes out. */
export const SCRIPTS = {
  read: load("read"),
  scan: load("scan"),
  count: load("count"),
  commit: load("commit"),
  resolve: load("resolve"),
  changes: load("changes"),
  sweep: load("sweep"),
  verify: load("verify"),
  probe: load("probe"),
} as const;
