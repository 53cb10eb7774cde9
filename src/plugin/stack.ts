import type { Backend } from "../backends/backend.js";
import { EntryCache } from "../cache/entry-cache.js";
import { EntryDecoder } from "../cache/entry-decoder.js";
import { EntryReader } from "../cache/entry-reader.js";
import { WriteThrough } from "../cache/write-through.js";
import { codec, CodecTable } from "../core/codec.js";
import type { Runtime } from "../core/runtime.js";
import { ValueEncoder } from "../core/value-encoder.js";
import { VersionSource } from "../core/version.js";
import { CommitPump } from "../transaction/commit-pump.js";
import type { CommitObserver } from "../transaction/commit-request.js";
import { ContentionQueue } from "../transaction/contention-queue.js";
import { OpenTransactions } from "../transaction/open-transactions.js";
import type { TransactionServices } from "../transaction/transaction-core.js";
import type { CacheSettings, ResolvedSettings } from "./settings.js";

/**
 * The layers of an open store, in their order: transactions over the cache over the codec over the backend. The only
 * place that knows it.
 */
export interface Stack {
  readonly settings: ResolvedSettings;
  readonly runtime: Runtime;
  readonly backend: Backend;
  /** undefined when the configuration turns it off. */
  readonly cache: EntryCache | undefined;
  readonly reader: EntryReader;
  readonly services: TransactionServices;
  readonly contention: ContentionQueue;
}

const MAX_PENDING_COMMITS = 100_000;
const MAX_GROUP_REQUESTS = 4096;
const MAX_GROUP_BYTES = 16 * 1024 * 1024;

export function buildStack(backend: Backend, settings: ResolvedSettings, runtime: Runtime): Stack {
  const payloads = new CodecTable(codec(settings.codec as "json"));
  const decoder = new EntryDecoder(payloads, settings.cache.values);
  const cache = makeCache(backend, settings.cache, runtime);
  const reader = new EntryReader(backend, cache, decoder, runtime.clock, settings.cache.consistency);
  const pump = new CommitPump(backend, observerOf(cache, decoder, runtime), {
    maxPending: MAX_PENDING_COMMITS,
    maxGroupRequests: MAX_GROUP_REQUESTS,
    maxGroupBytes: MAX_GROUP_BYTES,
  });
  const services: TransactionServices = {
    backend,
    source: reader,
    encoder: new ValueEncoder(payloads, backend.info.limits.maxValueBytes),
    pump,
    versions: new VersionSource(runtime.random),
    clock: runtime.clock,
    open: new OpenTransactions(settings.transaction.maxOpen, runtime.timers),
  };
  return {
    settings,
    runtime,
    backend,
    cache,
    reader,
    services,
    contention: new ContentionQueue(runtime.timers),
  };
}

/**
 * The same store with other settings of cache and transactions. Commits pause for the change: one that began under
 * the old cache must not go unseen by the new one.
 */
export async function rebuildStack(stack: Stack, settings: ResolvedSettings): Promise<Stack> {
  const { backend, runtime } = stack;
  const payloads = new CodecTable(codec(settings.codec as "json"));
  const decoder = new EntryDecoder(payloads, settings.cache.values);
  const cache = makeCache(backend, settings.cache, runtime);
  const reader = new EntryReader(backend, cache, decoder, runtime.clock, settings.cache.consistency);
  await stack.services.pump.betweenCalls(() => {
    stack.services.pump.observer = observerOf(cache, decoder, runtime);
    // Transactions begun before go on reading through it, and nobody tells it of changes any more.
    stack.cache?.retire();
  });
  return { ...stack, settings, cache, reader, services: { ...stack.services, source: reader } };
}

// Other processes' commits are not followed yet, so a cache over a shared backend would go stale.
function makeCache(backend: Backend, settings: CacheSettings, runtime: Runtime): EntryCache | undefined {
  if (settings.maxEntries === 0 || backend.info.capabilities.shared) return undefined;
  return new EntryCache(settings, runtime.clock);
}

function observerOf(cache: EntryCache | undefined, decoder: EntryDecoder, runtime: Runtime): CommitObserver {
  return cache === undefined ? UNOBSERVED : new WriteThrough(cache, decoder, runtime.clock);
}

const UNOBSERVED: CommitObserver = {
  sending: () => undefined,
  arrived: () => undefined,
  failed: () => undefined,
};
