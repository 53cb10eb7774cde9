export { codec, type Codec } from "./core/codec.js";
export { CodecRegistry, defaultCodecs } from "./core/codec-registry.js";
export type { CodecDefinition } from "./core/custom-codec.js";
export { withConsistency, type Consistency } from "./core/consistency.js";
export {
  background,
  ContextKey,
  fromSignal,
  withCancel,
  withDeadline,
  withTimeout,
  withValue,
  type Cancel,
  type Context,
} from "./core/context.js";
export type { Duration } from "./core/duration.js";
export type { ByteSize } from "./core/size.js";
export {
  ErrStorageCorrupted,
  ErrStorageNotFound,
  ErrStorageReadFailed,
  ErrStorageWriteFailed,
  StorageError,
  StorageFault,
  type AbsenceReason,
  type AccessReason,
  type CorruptionReason,
  type FaultDetails,
  type Outcome,
  type Reason,
  type StorageErrorCode,
} from "./core/errors.js";
export type { ListOptions } from "./core/listing.js";
export type { BatchData } from "./core/batch-data.js";
export type {
  Backend,
  BackendExtensions,
  BackendFactory,
  BackendInfo,
  BackendSetup,
  Capabilities,
  Durability,
  Limits,
  VerifyProblem,
} from "./backends/backend.js";
export {
  BackendRegistry,
  defaultBackends,
  UnknownBackendError,
  type BackendLoader,
} from "./backends/registry.js";
export type { CacheStats } from "./observability/cache-stats.js";
export type { BackupOptions, BackupProgress, BackupResult } from "./plugin/backup/backup-options.js";
export type { GivenKeys } from "./plugin/backup/backup-keys.js";
export type { RestoreOptions, RestoreProgress, RestoreResult } from "./plugin/backup/restore-options.js";
export type { CopyOptions, CopyProgress, CopyResult } from "./plugin/copy/copy-options.js";
export { copyStorage } from "./plugin/copy/copy-storage.js";
export { openStorage, type OpenStorageOptions } from "./plugin/open-storage.js";
export { ConfigError, type ConfigProblem } from "./plugin/config/config-error.js";
export type { StorageSettings } from "./plugin/settings.js";
export type { RekeyOptions, RekeyProgress, RekeyResult } from "./plugin/rekey-store.js";
export type { LostPart, RepairReport } from "./plugin/repair/repair-report.js";
export type { StandardSchema } from "./plugin/standard-schema.js";
export { StoragePlugin } from "./plugin/storage-plugin.js";
export type { StoragePluginOptions } from "./plugin/storage-plugin-options.js";
export type {
  Change,
  Entry,
  KeyType,
  Storage,
  Transaction,
  TransactionOptions,
  TransactionState,
  TransactOptions,
  TypedStorage,
  WatchOptions,
  WatchPosition,
} from "./plugin/storage.js";
export type { Counter, TransactionCounter } from "./structures/counter.js";
export type { HashData } from "./structures/hash-fields.js";
export type { Hash, TransactionHash } from "./structures/hash.js";
export type { List, TransactionList } from "./structures/list.js";
export type { StoreInfo } from "./plugin/store-info.js";
export type { VerifyProgress } from "./plugin/verify-progress.js";
export type { StoreVerification, VerifyOptions } from "./plugin/verify-store.js";
