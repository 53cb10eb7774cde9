import { readFileSync } from "node:fs";
import type { PostgresNames } from "./postgres-names.js";

const FOLDER = new URL("./scripts/", import.meta.url);
const PLACE = /\{([a-z_]+)\}/g;

/**
 * The statement that makes a function of a store, from its file in `scripts`; each file says what goes in and what comes
 * out. What has no value yet, as the function's own name, stays a place to be filled in.
 */
export function functionScript(part: "commit" | "recall", names: PostgresNames): string {
  const { entries, log, left, channel } = names;
  const values = new Map(Object.entries({ entries, log, left, channel, lock_class: lockClass(names) }));
  const text = readFileSync(new URL(`${part}.sql`, FOLDER), "utf8");
  return text.replaceAll(PLACE, (place, name: string) => values.get(name) ?? place);
}

/** The first half of the locks' names: the store's, so that stores in one database do not wait for each other. */
function lockClass({ entries }: PostgresNames): string {
  return `'${entries.replaceAll("'", "''")}'::regclass::oid::integer`;
}
