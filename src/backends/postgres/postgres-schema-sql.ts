import { createHash } from "node:crypto";
import { functionScript } from "./function-script.js";
import type { PostgresNames } from "./postgres-names.js";

/** The version of the tables that this package makes, recorded in the store. */
export const SCHEMA_VERSION = 1;

/**
 * What brings a store from each version to the next; the first makes it. Never changed, only added to. `"C"` compares
 * text by its bytes, whatever the database's own order. Updates that leave keys and deadlines alone find room on their
 * page (fillfactor), so that they touch no index.
 */
export const MIGRATIONS: readonly ((names: PostgresNames) => string)[] = [
  ({ entries, expiryIndex, log, left, meta }) => `
    CREATE TABLE ${meta} (name text PRIMARY KEY, value text NOT NULL);
    CREATE TABLE ${entries} (
      namespace bytea NOT NULL,
      generation integer NOT NULL,
      key bytea NOT NULL,
      version text COLLATE "C" NOT NULL,
      type smallint NOT NULL,
      incarnation text COLLATE "C",
      expires_at double precision,
      hash bigint NOT NULL,
      value bytea NOT NULL,
      PRIMARY KEY (namespace, generation, key)
    ) WITH (fillfactor = 85);
    CREATE INDEX ${expiryIndex} ON ${entries} (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE ${log} (
      namespace bytea NOT NULL,
      ordinal bigint NOT NULL,
      id text COLLATE "C" NOT NULL,
      previous text COLLATE "C" NOT NULL,
      at double precision NOT NULL,
      oldest bigint NOT NULL,
      generation integer NOT NULL,
      record bytea NOT NULL,
      effects text,
      PRIMARY KEY (namespace, ordinal)
    );
    CREATE TABLE ${left} (
      namespace bytea NOT NULL,
      generation integer NOT NULL,
      done bytea NOT NULL DEFAULT '',
      PRIMARY KEY (namespace, generation)
    );
    INSERT INTO ${meta} VALUES ('store', 'holdfast');`,
];

/** A function of the store. Its name holds a hash of its text, so that versions of this package get along. */
export interface StoreFunction {
  /** Qualified. */
  readonly name: string;
  readonly bareName: string;
  readonly create: string;
}

export interface StoreFunctions {
  readonly commit: StoreFunction;
  readonly recall: StoreFunction;
}

export function storeFunctions(names: PostgresNames): StoreFunctions {
  return { commit: storeFunction(names, "commit"), recall: storeFunction(names, "recall") };
}

function storeFunction(names: PostgresNames, part: "commit" | "recall"): StoreFunction {
  const text = functionScript(part, names);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const bareName = names.functionName(`${part}_${hash}`);
  const name = names.qualified(bareName);
  return { name, bareName, create: text.replace("CREATE FUNCTION {name}", () => `CREATE FUNCTION ${name}`) };
}
