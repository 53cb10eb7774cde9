import { readFileSync } from "node:fs";
import type { MysqlNames } from "./mysql-names.js";

const FOLDER = new URL("./scripts/", import.meta.url);
const PLACE = /\{([a-z_]+)\}/g;

export type ProcedurePart = "commit" | "recall" | "reclaim";

/**
 * The statement that makes a procedure of a store, from its file in `scripts`; each file says what goes in and what comes
 * out. What has no value yet, as the procedure's own name, stays a place to be filled in.
 */
export function procedureScript(part: ProcedurePart, names: MysqlNames): string {
  const { entries, log, left, locks } = names;
  const values = new Map(Object.entries({ entries, log, left, locks }));
  const text = readFileSync(new URL(`${part}.sql`, FOLDER), "utf8");
  return text.replaceAll(PLACE, (place, name: string) => values.get(name) ?? place);
}
