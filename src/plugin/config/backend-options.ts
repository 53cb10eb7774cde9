import { MYSQL_URL, POSTGRES_URL, REDIS_URL } from "../../core/server-address.js";
import {
  choice,
  count,
  duration,
  flag,
  keyPrefix,
  mapping,
  nodes,
  pathText,
  secret,
  serverUrl,
  size,
  tableName,
  text,
} from "./option-type.js";
import { defaulted, optional } from "./option.js";

/** The options of our own backends; part of the table in options.ts. */
export const BACKEND_OPTIONS = {
  "memory.max_bytes": optional(
    size(),
    "256MiB",
    "Most memory the data takes, as estimated; writes past it are refused. Left out, there is no bound.",
  ),

  "file.path": optional(
    pathText("./data/store.json"),
    "./data/store.json",
    "The data file; its journal and lock stand beside it. Relative paths start at the current folder. " +
      "Missing folders are made. Required with backend: file.",
  ),
  "file.backup_count": defaulted(
    count({ atLeast: 0 }),
    1,
    "How many earlier snapshots are kept beside the data file.",
  ),
  "file.read_only": defaulted(
    flag(),
    false,
    "Opens the data for reading, also while another process writes to it.",
  ),
  "file.salvage": defaulted(
    flag(),
    false,
    "Opens damaged data for reading, as far as it can be proven to be whole, so that verify with repair can save it; " +
      "changes no file and takes no lock. No process may have the data open for writing meanwhile.",
  ),

  "directory.path": optional(
    pathText("./data/store"),
    "./data/store",
    "The folder of the data: a folder for each namespace, a readable file for each key. Relative paths start at the current folder. " +
      "Missing folders are made. Required with backend: directory.",
  ),
  "directory.read_only": defaulted(
    flag(),
    false,
    "Opens the data for reading, also while another process writes to it.",
  ),

  "sqlite.path": optional(
    pathText("./data/store.db"),
    "./data/store.db",
    "The database file, which several processes may have open; its log stands beside it. Relative paths start at the " +
      "current folder. Missing folders are made. Left out, everything is kept in memory and lost with the process.",
  ),
  "sqlite.library": optional(
    choice("better-sqlite3", "libsql", "node:sqlite"),
    "libsql",
    "The driver to use. Left out, the first of better-sqlite3, libsql and node:sqlite that is installed and runs here.",
  ),

  "lmdb.path": optional(
    pathText("./data/lmdb"),
    "./data/lmdb",
    "The folder of the data, which several processes may have open. Relative paths start at the current folder. " +
      "Missing folders are made. Required with backend: lmdb.",
  ),

  "postgres.url": optional(
    serverUrl(POSTGRES_URL),
    "postgres://holdfast@127.0.0.1:5432/holdfast",
    "The server, user and database, as postgres://; a password may stand in it, and ?sslmode=verify-full asks for TLS. " +
      "Left out, the options below say it, and where they do not the environment (PGHOST, PGUSER, …).",
  ),
  "postgres.host": optional(
    text(),
    "127.0.0.1",
    "The server's name or address, or the folder of its socket.",
  ),
  "postgres.port": optional(count({ atLeast: 1 }), 5432, "The server's port; left out, 5432."),
  "postgres.user": optional(text(), "holdfast", "The user."),
  "postgres.password": optional(secret(), '"${PGPASSWORD}"', "The user's password."),
  "postgres.database": optional(text(), "holdfast", "The database; left out, the one named as the user is."),
  "postgres.table": defaulted(
    tableName(),
    "holdfast",
    "The name of the table of entries; the names of the store's other tables and functions begin with it. " +
      "At most 40 lower-case letters, digits and _. They stand in the first schema of the user's search_path.",
  ),
  "postgres.pool": defaulted(
    count({ atLeast: 1 }),
    10,
    "Most connections at once, beside the one that hears of other processes' commits.",
  ),
  "postgres.options": optional(
    mapping(),
    "{ ssl: true }",
    "Any option of the client of the package pg, handed on as it is.",
  ),

  "mysql.url": optional(
    serverUrl(MYSQL_URL),
    "mysql://holdfast@127.0.0.1:3306/holdfast",
    "The server (MySQL or MariaDB), user and database, as mysql://; a password may stand in it. " +
      "Left out, the options below say it.",
  ),
  "mysql.host": optional(text(), "127.0.0.1", "The server's name or address; left out, this machine."),
  "mysql.port": optional(count({ atLeast: 1 }), 3306, "The server's port; left out, 3306."),
  "mysql.user": optional(text(), "holdfast", "The user."),
  "mysql.password": optional(secret(), '"${MYSQL_PASSWORD}"', "The user's password."),
  "mysql.database": optional(text(), "holdfast", "The database, which must be there; here or in the url."),
  "mysql.table": defaulted(
    tableName(),
    "holdfast",
    "The name of the table of entries; the names of the store's other tables and procedures begin with it. " +
      "At most 40 lower-case letters, digits and _.",
  ),
  "mysql.pool": defaulted(
    count({ atLeast: 1 }),
    10,
    "Most connections at once, beside the one that ends what others wait for in vain.",
  ),
  "mysql.options": optional(
    mapping(),
    "{ ssl: {} }",
    "Any option of the client of the package mysql2, handed on as it is, except those that say how rows come.",
  ),

  "redis.url": optional(
    serverUrl(REDIS_URL),
    "redis://127.0.0.1:6379/0",
    "The server, as redis:// or, with TLS, rediss://; user, password and database may stand in it. " +
      "Left out, host and port say where it is.",
  ),
  "redis.host": optional(text(), "127.0.0.1", "The server's name or address; left out, this machine."),
  "redis.port": optional(count({ atLeast: 1 }), 6379, "The server's port; left out, 6379."),
  "redis.db": optional(
    count({ atLeast: 0 }),
    0,
    "The number of the database; left out, 0. A cluster has only that.",
  ),
  "redis.username": optional(text(), "holdfast", "The user; left out, the server's default one."),
  "redis.password": optional(secret(), '"${REDIS_PASSWORD}"', "The user's password."),
  "redis.cluster": optional(
    nodes(),
    "[10.0.0.1:6379, 10.0.0.2:6379]",
    "Some nodes of a cluster, from which the others are learnt; true for the one that url or host and port name.",
  ),
  "redis.prefix": defaulted(
    keyPrefix(),
    "holdfast:",
    "What all keys and channels of the store begin with, without braces; stores with different prefixes never meet.",
  ),
  "redis.socket_timeout": defaulted(
    duration({ positive: true }),
    "5s",
    "A connection that leaves a command unanswered for so long is given up and made anew; also the longest time to connect.",
  ),
  "redis.max_batch": defaulted(
    count({ atLeast: 1000 }),
    5000,
    "Most writes and checks in one commit; the server does nothing else meanwhile.",
  ),
  "redis.options": optional(
    mapping(),
    "{ socket: { noDelay: true } }",
    "Any option of the client of the package redis, handed on as it is.",
  ),
};
