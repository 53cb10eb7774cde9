import { StorageFault } from "../../core/errors.js";
import type { Durability, Limits } from "../backend.js";
import type { Ask } from "./mysql-pool.js";

/** The oldest versions that have JSON_TABLE, window functions and SKIP LOCKED, without early faults of theirs. */
const OLDEST_MARIADB = "10.6";
const OLDEST_MYSQL = "8.0.20";
const VERSION = /^(\d+)\.(\d+)\.(\d+)/;

/** Of a packet, what is left to values when keys and what is said about each of them have their part. */
const VALUE_SHARE = 0.75;
/** Bytes of a packet that a write or check takes beside its value, at the most. */
const BYTES_PER_ITEM = 640;
const MOST: Limits = {
  maxValueBytes: 64 * 1024 * 1024,
  maxBatchEntries: 100_000,
  maxBatchBytes: 256 * 1024 * 1024,
};

/** What a server says of itself. */
export interface MysqlServer {
  readonly database: string;
  readonly durability: Durability;
  readonly limits: Limits;
  /** The most that a call may hold. */
  readonly packetBytes: number;
  /** A replica, or a server that takes no writes. */
  readonly isReadOnly: boolean;
}

/** @throws StorageFault `unsupported` when the server is too old, or set in a way that commits cannot live with. */
export async function readServer(ask: Ask): Promise<MysqlServer> {
  const [first] = await ask(`SELECT VERSION(), DATABASE(),
    CAST(@@global.read_only AS CHAR) NOT IN ('0', 'OFF') OR @@global.innodb_read_only,
    @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog, @@innodb_doublewrite, @@innodb_flush_method,
    @@max_allowed_packet, @@binlog_format, SLEEP(0.002) + 0, SYSDATE(6) > NOW(6)`);
  const [
    version,
    database,
    readOnly,
    flush,
    binlog,
    syncBinlog,
    doublewrite,
    method,
    packet,
    format,
    ,
    clock,
  ] = (first ?? []).map((field) => (field === null ? undefined : String(field)));
  checkVersion(version ?? "");
  if (database === undefined)
    throw new StorageFault("denied", "mysql.url or mysql.database must name a database");
  if (clock !== "1") {
    throw new StorageFault(
      "unsupported",
      "the server runs with --sysdate-is-now; commits need the clock as it is",
    );
  }
  if (isOn(binlog) && format === "STATEMENT") {
    throw new StorageFault("unsupported", "the server's binlog_format must be ROW or MIXED, not STATEMENT");
  }
  const isSynced =
    (!isOn(binlog) || syncBinlog === "1") && isDoublewritten(doublewrite) && method !== "nosync";
  return {
    database,
    durability: durabilityOf(Number(flush), isSynced),
    limits: limitsOf(Number(packet)),
    packetBytes: Number(packet),
    isReadOnly: isOn(readOnly),
  };
}

function isOn(value: string | undefined): boolean {
  return value === "1" || value === "ON";
}

/** Without it a page torn by a power cut stays torn; with MySQL's DETECT_ONLY it is noticed, no more. */
function isDoublewritten(value: string | undefined): boolean {
  return isOn(value) || value === "DETECT_AND_RECOVER";
}

/**
 * 1 (and MariaDB's 3) syncs the log at every commit, 2 leaves that to the system, 0 keeps it in the server's memory for a
 * while. With a binary log the two must both be on the disk: what is missing there is rolled back at the next start.
 */
function durabilityOf(flush: number, isSynced: boolean): Durability {
  if (flush === 0) return "none";
  return flush !== 2 && isSynced ? "power" : "process";
}

/** A commit is one packet, so what the server takes as one bounds a batch. */
function limitsOf(packet: number): Limits {
  const room = Math.floor(packet * VALUE_SHARE);
  return {
    maxValueBytes: Math.min(MOST.maxValueBytes, room),
    maxBatchBytes: Math.min(MOST.maxBatchBytes, room),
    maxBatchEntries: Math.max(
      1,
      Math.min(MOST.maxBatchEntries, Math.floor((packet - room) / BYTES_PER_ITEM)),
    ),
  };
}

function checkVersion(version: string): void {
  const isMariadb = /mariadb/i.test(version);
  const oldest = isMariadb ? OLDEST_MARIADB : OLDEST_MYSQL;
  const [, ...parts] = VERSION.exec(version) ?? [];
  const wanted = [...oldest.split("."), "0"];
  for (const [i, part] of parts.entries()) {
    const difference = Number(part) - Number(wanted[i]);
    if (difference > 0) return;
    if (difference < 0) break;
    if (i === parts.length - 1) return;
  }
  throw new StorageFault(
    "unsupported",
    `the server's version ${version} is too old; this backend needs MariaDB ${OLDEST_MARIADB} or MySQL ${OLDEST_MYSQL}`,
  );
}
