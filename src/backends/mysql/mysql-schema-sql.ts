import { createHash } from "node:crypto";
import type { MysqlNames } from "./mysql-names.js";
import { procedureScript, type ProcedurePart } from "./procedure-script.js";

/** The version of the tables that this package makes, recorded in the store. */
export const SCHEMA_VERSION = 1;

/** Stands in the comment of every table of a store. */
export const TABLE_COMMENT = "a table of a holdfast store";

/**
 * Rows that commits lock, one for each namespace a commit touches, chosen by its name. They are there from the
 * beginning: a row that is missing cannot be locked, and making one in a commit meets others who make it.
 */
export const LOCK_SLOTS = 1024;

const TABLE = `ENGINE=InnoDB ROW_FORMAT=DYNAMIC COMMENT='${TABLE_COMMENT}'`;

/**
 * What brings a store from each version to the next; the first makes it. Never changed, only added to. Each statement may
 * be carried out again: the server commits after each, so a process that dies leaves some of them done. Text is stored as
 * bytes, and compared as such, whatever the database's own order. `bytes` is the length of the value, which the server would
 * otherwise read the value to learn.
 */
export const MIGRATIONS: readonly ((names: MysqlNames) => readonly string[])[] = [
  ({ entries, log, left, locks, meta }) => [
    `CREATE TABLE IF NOT EXISTS ${meta} (
      name varchar(64) CHARACTER SET ascii NOT NULL PRIMARY KEY,
      value varchar(255) CHARACTER SET ascii NOT NULL
    ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS ${entries} (
      namespace varbinary(128) NOT NULL,
      generation integer NOT NULL,
      k varbinary(1536) NOT NULL,
      version varbinary(64) NOT NULL,
      type tinyint NOT NULL,
      incarnation varbinary(64),
      expires_at double,
      hash bigint NOT NULL,
      bytes integer NOT NULL,
      value longblob NOT NULL,
      PRIMARY KEY (namespace, generation, k),
      KEY expiry (expires_at)
    ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS ${log} (
      namespace varbinary(128) NOT NULL,
      ordinal bigint NOT NULL,
      id varbinary(64) NOT NULL,
      previous varbinary(64) NOT NULL,
      at double NOT NULL,
      oldest bigint NOT NULL,
      generation integer NOT NULL,
      record longblob NOT NULL,
      effects longblob,
      PRIMARY KEY (namespace, ordinal)
    ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS ${left} (
      namespace varbinary(128) NOT NULL,
      generation integer NOT NULL,
      done varbinary(1536) NOT NULL DEFAULT '',
      PRIMARY KEY (namespace, generation)
    ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS ${locks} (slot integer NOT NULL PRIMARY KEY) ${TABLE}`,
    `INSERT IGNORE INTO ${locks} VALUES ${Array.from({ length: LOCK_SLOTS }, (_, slot) => `(${slot})`).join(",")}`,
  ],
];

/** A procedure of the store. Its name holds a hash of its text, so that versions of this package get along. */
export interface StoreProcedure {
  readonly name: string;
  readonly create: string;
}

export type StoreProcedures = Readonly<Record<ProcedurePart, StoreProcedure>>;

export function storeProcedures(names: MysqlNames): StoreProcedures {
  const make = (part: ProcedurePart): StoreProcedure => storeProcedure(names, part);
  return { commit: make("commit"), recall: make("recall"), reclaim: make("reclaim") };
}

function storeProcedure(names: MysqlNames, part: ProcedurePart): StoreProcedure {
  const text = procedureScript(part, names);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const name = names.procedureName(`${part}_${hash}`);
  // Comments before a statement are no part of it for every server.
  const statement = text.slice(text.indexOf("CREATE PROCEDURE"));
  return { name, create: statement.replace("{name}", () => `\`${name}\``) };
}
