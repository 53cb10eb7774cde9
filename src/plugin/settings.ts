import type { ByteSize } from "../core/size.js";
import type { Duration } from "../core/duration.js";

/**
 * The configuration of a store as users write it: the keys under `storage:` in YAML, the same in an object. Every
 * option and its default is documented in config/storage.yaml; `resolveSettings` checks it.
 */
export interface StorageSettings {
  backend?: string;
  driver?: "sqlite" | "postgres" | "mysql";
  file_path?: string;
  cache_size?: number;
  ttl_cleanup_interval?: Duration;
  operation_timeout?: Duration;
  durability?: "power" | "process" | "interval" | "none";
  durability_interval?: Duration;
  auto_save?: boolean;
  save_interval?: Duration;
  codec?: string;
  compression?:
    | "none"
    | "gzip"
    | boolean
    | { files?: "none" | "gzip" | boolean; values?: "none" | "gzip"; threshold?: ByteSize };
  encryption?: {
    keys?: readonly ({ id: string; env: string } | { id: string; file: string })[];
    active?: string;
    plain?: "read" | "refuse";
  };
  cache?: {
    max_entries?: number;
    max_bytes?: ByteSize;
    ttl?: Duration;
    values?: "copy" | "frozen";
    consistency?: "cached" | "strong";
    max_staleness?: Duration;
  };
  transaction?: { timeout?: Duration; max_attempts?: number; max_open?: number };
  changes?: { retain?: { count?: number; age?: Duration } };
  backup?: {
    interval?: Duration;
    path?: string;
    keep?: number;
    full_every?: number;
    compression?: "none" | "gzip";
    key?: string;
  };
  memory?: { max_bytes?: ByteSize };
  file?: { path?: string; backup_count?: number; read_only?: boolean; salvage?: boolean };
  sqlite?: { path?: string; library?: "better-sqlite3" | "libsql" | "node:sqlite" };
  postgres?: {
    url?: string;
    host?: string;
    port?: number;
    user?: string;
    password?: string;
    database?: string;
    table?: string;
    pool?: number;
    options?: Readonly<Record<string, unknown>>;
  };
  mysql?: {
    url?: string;
    host?: string;
    port?: number;
    user?: string;
    password?: string;
    database?: string;
    table?: string;
    pool?: number;
    options?: Readonly<Record<string, unknown>>;
  };
  directory?: { path?: string; read_only?: boolean };
  lmdb?: { path?: string };
  redis?: {
    url?: string;
    host?: string;
    port?: number;
    db?: number;
    username?: string;
    password?: string;
    cluster?: boolean | readonly string[];
    prefix?: string;
    socket_timeout?: Duration;
    max_batch?: number;
    options?: Readonly<Record<string, unknown>>;
  };
  /** The section of a backend registered by a third party, under its name. */
  [section: string]: unknown;
}

/** The configuration with every alias, unit and default resolved; what the stack is built from. */
export interface ResolvedSettings {
  readonly backend: string;
  /** The chosen backend's own section, resolved when it is one of ours, as written otherwise. */
  readonly backendOptions: Readonly<Record<string, unknown>>;
  readonly durability: "power" | "process" | "interval" | "none" | undefined;
  /** Infinity: writes become durable only on flush and close. */
  readonly durabilityIntervalMs: number;
  readonly sweepIntervalMs: number;
  readonly operationTimeoutMs: number;
  readonly codec: string;
  readonly compression: CompressionSettings;
  readonly encryption: EncryptionSettings;
  readonly cache: CacheSettings;
  readonly transaction: TransactionSettings;
  readonly changes: { readonly count: number; readonly ageMs: number };
  /** undefined: backups are made when somebody calls. */
  readonly backup: BackupSettings | undefined;
}

export interface BackupSettings {
  readonly intervalMs: number;
  readonly path: string;
  /** How many are kept, beside those that they go on from. */
  readonly keep: number;
  /** Every so many is a full one. */
  readonly fullEvery: number;
  readonly compression: "none" | "gzip";
}

export interface CompressionSettings {
  readonly files: "none" | "gzip";
  /** Values of so many encoded bytes and more are compressed; Infinity: none is. */
  readonly valuesFrom: number;
}

/** Where keys are to be found; the keys themselves are never part of the settings. */
export interface EncryptionSettings {
  readonly keys: readonly KeySource[];
  /** The id of the key to write with; undefined: values are written plain. */
  readonly active: string | undefined;
  readonly plain: "read" | "refuse";
  /** The id of the key that backups are encrypted with; undefined: those that are made at intervals are not. */
  readonly backupKey: string | undefined;
}

/** What a key is called, and the environment variable or file that holds it. */
export type KeySource =
  | { readonly id: string; readonly env: string }
  | { readonly id: string; readonly file: string };

export interface CacheSettings {
  /** 0 turns the cache off. */
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Entries are dropped this long after they were filled, whatever their own expiry; 0: never. */
  readonly ttlMs: number;
  readonly values: "copy" | "frozen";
  readonly consistency: "cached" | "strong";
  /** How far the cache may be behind other processes on a shared backend. */
  readonly maxStalenessMs: number;
}

export interface TransactionSettings {
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  /** Most transactions open at once. */
  readonly maxOpen: number;
}
