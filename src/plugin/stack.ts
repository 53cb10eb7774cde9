import type { Backend } from "../backends/backend.js";
import { ChangeFollower } from "../cache/change-follower.js";
import { EntryCache } from "../cache/entry-cache.js";
import { EntryDecoder } from "../cache/entry-decoder.js";
import { EntryReader } from "../cache/entry-reader.js";
import { WriteThrough } from "../cache/write-through.js";
import type { CodecTable } from "../core/codec.js";
import type { CodecRegistry } from "../core/codec-registry.js";
import type { Runtime } from "../core/runtime.js";
import { IncarnationSource } from "../core/incarnation.js";
import { ValueEncoder } from "../core/value-encoder.js";
import { VersionSource } from "../core/version.js";
import type { KeyRing } from "../sealing/key-ring.js";
import { SealedBackend } from "../sealing/sealed-backend.js";
import { ValueSeal } from "../sealing/value-seal.js";
import { CommitPump } from "../transaction/commit-pump.js";
import { NamespacePumps } from "../transaction/namespace-pumps.js";
import type { CommitObserver } from "../transaction/commit-request.js";
import { ContentionQueue } from "../transaction/contention-queue.js";
import { DeadItems } from "../transaction/dead-items.js";
import { FoldedOperations } from "../transaction/folded-operations.js";
import { observeDeadItems } from "../transaction/observe-dead-items.js";
import { OpenTransactions } from "../transaction/open-transactions.js";
import type { TransactionServices } from "../transaction/transaction-core.js";
import { MARKS } from "./marks.js";
import type { ResolvedSettings } from "./settings.js";

/**
 * The layers of an open store, in their order: transactions over the cache over the codec over the seal over the
 * backend. The only
 * place that knows it.
 */
export interface Stack {
  readonly settings: ResolvedSettings;
  readonly runtime: Runtime;
  /** The store's, with values that are compressed and encrypted below and never above. */
  readonly backend: SealedBackend;
  /** The store's, which open backups too. */
  readonly keys: KeyRing;
  readonly payloads: CodecTable;
  /** undefined when the configuration turns it off. */
  readonly cache: EntryCache | undefined;
  /** Keeps the cache coherent with other processes; undefined without one, and where nobody else changes the data. */
  readonly follower: ChangeFollower | undefined;
  readonly reader: EntryReader;
  readonly services: TransactionServices;
  readonly contention: ContentionQueue;
  /** Concurrent changes of one structure, made together. */
  readonly folded: FoldedOperations;
  /** Drops what structures leave behind when they end. */
  readonly deadItems: DeadItems;
}

const MAX_PENDING_COMMITS = 100_000;
const MAX_GROUP_REQUESTS = 4096;
const MAX_GROUP_BYTES = 16 * 1024 * 1024;

/** What values go through on their way. */
export interface ValueForms {
  readonly codecs: CodecRegistry;
  readonly keys: KeyRing;
}

export function buildStack(
  store: Backend,
  settings: ResolvedSettings,
  runtime: Runtime,
  { codecs, keys }: ValueForms,
): Stack {
  const payloads = codecs.table(settings.codec);
  const backend = new SealedBackend(store, sealOf(settings, keys));
  const { observer, ...caching } = buildCaching(backend, settings, runtime, payloads);
  const limits = {
    maxPending: MAX_PENDING_COMMITS,
    maxGroupRequests: MAX_GROUP_REQUESTS,
    maxGroupBytes: MAX_GROUP_BYTES,
    patienceMs: settings.operationTimeoutMs,
  };
  const Pump = backend.info.capabilities.separateNamespaces === true ? NamespacePumps : CommitPump;
  const pump = new Pump(backend, observer, limits, runtime.clock);
  const versions = new VersionSource(runtime.random);
  const deadItems = new DeadItems({ backend, pump, versions, runtime, marks: MARKS });
  pump.observer = observeDeadItems(observer, deadItems);
  const services: TransactionServices = {
    backend,
    source: caching.reader,
    encoder: new ValueEncoder(payloads, backend.info.limits.maxValueBytes),
    pump,
    versions,
    incarnations: new IncarnationSource(runtime.random),
    clock: runtime.clock,
    open: new OpenTransactions(settings.transaction.maxOpen, runtime.timers),
  };
  return {
    settings,
    runtime,
    backend,
    keys,
    payloads,
    ...caching,
    services,
    contention: new ContentionQueue(runtime.timers),
    folded: new FoldedOperations(),
    deadItems,
  };
}

/**
 * The same store with other settings of cache and transactions. Commits pause for the change: one that began under
 * the old cache must not go unseen by the new one.
 */
export async function rebuildStack(stack: Stack, settings: ResolvedSettings): Promise<Stack> {
  const { backend, runtime, services, payloads } = stack;
  const { observer, ...caching } = buildCaching(backend, settings, runtime, payloads);
  await services.pump.betweenCalls(() => {
    services.pump.observer = observeDeadItems(observer, stack.deadItems);
    // Transactions begun before go on reading through it, and nobody tells it of changes any more.
    stack.cache?.retire();
    stack.follower?.stop();
  });
  return { ...stack, settings, ...caching, services: { ...services, source: caching.reader } };
}

function sealOf({ compression, encryption }: ResolvedSettings, keys: KeyRing): ValueSeal {
  return new ValueSeal({
    keys,
    compressFrom: compression.valuesFrom,
    refusesPlain: encryption.plain === "refuse",
  });
}

interface Caching extends Pick<Stack, "cache" | "follower" | "reader"> {
  readonly observer: CommitObserver;
}

function buildCaching(
  backend: Backend,
  settings: ResolvedSettings,
  runtime: Runtime,
  payloads: CodecTable,
): Caching {
  const { consistency, values, maxEntries, maxStalenessMs } = settings.cache;
  const { shared } = backend.info.capabilities;
  const decoder = new EntryDecoder(payloads, values);
  const cache = maxEntries === 0 ? undefined : new EntryCache(settings.cache, runtime.clock, shared);
  const follower =
    cache === undefined || !shared
      ? undefined
      : new ChangeFollower({ backend, cache, runtime, maxStalenessMs });
  return {
    cache,
    follower,
    reader: new EntryReader(backend, cache, decoder, runtime.clock, consistency, follower),
    observer: cache === undefined ? UNOBSERVED : new WriteThrough(cache, decoder, runtime.clock, follower),
  };
}

const UNOBSERVED: CommitObserver = {
  sending: () => undefined,
  arrived: () => undefined,
  failed: () => undefined,
};
