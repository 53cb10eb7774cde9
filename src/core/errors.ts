/** A read could not be carried out. Carried by every rejected read, whatever the reason. */
export const ErrStorageReadFailed = 5001;
/** A write could not be carried out. Carried by every rejected write, begin and commit included. */
export const ErrStorageWriteFailed = 5002;
/** Stored data is damaged, or was written by something this version cannot read. */
export const ErrStorageCorrupted = 5003;
/** The key is absent or expired. */
export const ErrStorageNotFound = 5004;

export type StorageErrorCode = 5001 | 5002 | 5003 | 5004;

/** Reasons that come with 5001 from a read and with 5002 from a write. */
export const ACCESS_REASONS = [
  "not-open",
  "closed",
  "cancelled",
  "timeout",
  "unavailable",
  "denied",
  "conflict",
  "locked",
  "read-only",
  "no-space",
  "too-large",
  "busy",
  "io",
  "unserializable",
  "invalid-key",
  "invalid-namespace",
  "invalid-ttl",
  "invalid-pattern",
  "invalid-value",
  "wrong-type",
  "unsupported",
  "finished",
  "not-empty",
  "differs",
  "outrun",
] as const;

/** Reasons that come with 5003. */
export const CORRUPTION_REASONS = [
  "checksum",
  "truncated",
  "decode",
  "newer-format",
  "foreign",
  "wrong-key",
] as const;

/** Reasons that come with 5004. */
export const ABSENCE_REASONS = ["absent"] as const;

export type AccessReason = (typeof ACCESS_REASONS)[number];
export type CorruptionReason = (typeof CORRUPTION_REASONS)[number];
export type AbsenceReason = (typeof ABSENCE_REASONS)[number];
export type Reason = AccessReason | CorruptionReason | AbsenceReason;

/** Whether a failed write is known not to have happened, or may have happened. Absent means: it did not. */
export type Outcome = "unknown";

/** What a layer below the plugin knows of a failure. */
export interface FaultDetails {
  /** Whether the same call may succeed later without a change by the caller. Default: by reason. */
  readonly retryable?: boolean;
  /** `"unknown"` when a write may have taken effect although it failed. */
  readonly outcome?: Outcome;
  readonly key?: string;
  readonly namespace?: string;
  readonly cause?: unknown;
}

const RETRYABLE: ReadonlySet<Reason> = new Set<Reason>([
  "timeout",
  "unavailable",
  "conflict",
  "locked",
  "no-space",
  "busy",
  "outrun",
]);

const CORRUPTION: ReadonlySet<string> = new Set(CORRUPTION_REASONS);
const ABSENCE: ReadonlySet<string> = new Set(ABSENCE_REASONS);

const FAULT_BRAND = Symbol.for("holdfast.StorageFault");

/**
 * A failure as codecs, backends, caches and transactions report it: a reason and a message, without the
 * operation it happened in. The plugin turns it into the {@link StorageError} that users see, in one place
 * ({@link toStorageError}). A native error is translated to a fault where it is born, and kept as `cause`.
 */
export class StorageFault extends Error {
  /**
   * A fault of another copy of this package is one too: a third party's backend may have brought its own. Of a class
   * that extends this one are only those that it made.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== StorageFault) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && FAULT_BRAND in value;
  }

  override readonly name = "StorageFault";
  /** Not enumerable, so that inspecting a fault does not show it. */
  declare readonly [FAULT_BRAND]: true;
  readonly reason: Reason;
  readonly retryable: boolean;
  readonly outcome: Outcome | undefined;
  readonly key: string | undefined;
  readonly namespace: string | undefined;

  constructor(reason: Reason, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Object.defineProperty(this, FAULT_BRAND, { value: true });
    this.reason = reason;
    this.retryable = details.retryable ?? RETRYABLE.has(reason);
    this.outcome = details.outcome;
    this.key = details.key;
    this.namespace = details.namespace;
  }
}

/** What the plugin adds to a failure. */
export interface OperationDetails {
  /** The public call, for example `"set"`. */
  readonly operation: string;
  readonly access: "read" | "write";
  readonly backend: string;
  readonly key?: string | undefined;
  readonly namespace?: string | undefined;
}

export interface StorageErrorInit extends OperationDetails {
  readonly code: StorageErrorCode;
  readonly reason: Reason;
  readonly message: string;
  readonly retryable?: boolean;
  readonly outcome?: Outcome | undefined;
  readonly cause?: unknown;
}

/** The only error that storage calls reject with, programming mistakes (`TypeError`) aside. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;
  readonly reason: Reason;
  /** Whether the same call may succeed later without a change by the caller. */
  readonly retryable: boolean;
  /** `"unknown"` when a write may have taken effect although the call failed; otherwise it did not. */
  readonly outcome: Outcome | undefined;
  readonly operation: string;
  readonly key: string | undefined;
  readonly namespace: string | undefined;
  readonly backend: string;

  constructor(init: StorageErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.reason = init.reason;
    this.retryable = init.retryable ?? RETRYABLE.has(init.reason);
    this.outcome = init.outcome;
    this.operation = init.operation;
    this.key = init.key;
    this.namespace = init.namespace;
    this.backend = init.backend;
  }
}

/** What was thrown while a key was looked at, as a fault that names the key; anything else is left as it is. */
export function ofKey(error: unknown, key: string): unknown {
  if (!(error instanceof StorageFault) || error.key !== undefined) return error;
  const { reason, message, retryable, namespace } = error;
  return new StorageFault(reason, message, {
    retryable,
    key,
    cause: error,
    ...(namespace !== undefined && { namespace }),
  });
}

/** Whether a reason is one of those that come with 5003. */
export function isCorruption(reason: Reason): reason is CorruptionReason {
  return CORRUPTION.has(reason);
}

/** The numeric code of a reason: 5003 and 5004 by their reasons, the rest by whether the call reads or writes. */
export function codeOf(reason: Reason, access: "read" | "write"): StorageErrorCode {
  if (isCorruption(reason)) return ErrStorageCorrupted;
  if (ABSENCE.has(reason)) return ErrStorageNotFound;
  return access === "read" ? ErrStorageReadFailed : ErrStorageWriteFailed;
}

/**
 * Turns whatever a lower layer threw into the error that users see. A `StorageError` (from a nested call) and a
 * `TypeError` (misuse) pass unchanged; anything unforeseen becomes reason `io` with the original as its cause.
 */
export function toStorageError(error: unknown, operation: OperationDetails): StorageError | TypeError {
  if (error instanceof StorageError || error instanceof TypeError) return error;
  const fault = error instanceof StorageFault ? error : unforeseen(error);
  const key = fault.key ?? operation.key;
  const namespace = fault.namespace ?? operation.namespace;
  return new StorageError({
    ...operation,
    key,
    namespace,
    code: codeOf(fault.reason, operation.access),
    reason: fault.reason,
    message: `${operation.operation}${subject(fault.reason, key, namespace)} failed: ${fault.message}`,
    retryable: fault.retryable,
    outcome: fault.outcome,
    cause: fault.cause ?? fault,
  });
}

function unforeseen(error: unknown): StorageFault {
  const message = error instanceof Error ? error.message : `something threw a value of type ${typeof error}`;
  return new StorageFault("io", message, { cause: error });
}

function subject(reason: Reason, key: string | undefined, namespace: string | undefined): string {
  // The name is what was wrong, not where.
  if (reason === "invalid-namespace" && namespace) return ` ${quoteName(namespace)}`;
  const named = key === undefined ? "" : ` of ${quoteName(key)}`;
  return namespace ? `${named} in namespace ${quoteName(namespace)}` : named;
}

const NAME_LIMIT_BYTES = 64;
/** What JSON leaves alone though it is invisible or steers a terminal: DEL, C1, directions, joiners, separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A key or namespace as it may stand in a message: escaped, cut at 64 bytes of UTF-8, in double quotes. */
export function quoteName(name: string): string {
  let used = 0;
  let end = 0;
  for (const char of name) {
    used += Buffer.byteLength(char);
    if (used > NAME_LIMIT_BYTES) return `${quote(name.slice(0, end))}…`;
    end += char.length;
  }
  return quote(name);
}

/** The path of a file as it may stand in a message: escaped, whole, in double quotes. */
export function quotePath(path: string): string {
  return quote(path);
}

function quote(name: string): string {
  return JSON.stringify(name).replace(INVISIBLE, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
