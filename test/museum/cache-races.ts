import type { Batch } from "../../src/backends/backend.js";
import type { EntryCache } from "../../src/cache/entry-cache.js";
import { EntryDecoder } from "../../src/cache/entry-decoder.js";
import { EntryReader } from "../../src/cache/entry-reader.js";
import { WriteThrough } from "../../src/cache/write-through.js";
import { codec, CodecTable } from "../../src/core/codec.js";
import { background } from "../../src/core/context.js";
import { ENTRY_TYPE } from "../../src/core/entry.js";
import { headKey } from "../../src/core/key.js";
import { systemRuntime } from "../../src/core/runtime.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";
import { plainMemory } from "./plain-memory.js";

const ctx = background();
const PAYLOADS = new CodecTable(codec("json"));
let lastId = 0;

/** The parts of a store that a race over one key needs. */
class RaceTrack {
  readonly backend: FaultBackend;
  readonly reader: EntryReader;
  readonly #writeThrough: WriteThrough;

  constructor(cache: EntryCache) {
    const { clock } = systemRuntime;
    const decoder = new EntryDecoder(PAYLOADS, "copy");
    this.backend = new FaultBackend(plainMemory());
    this.reader = new EntryReader(this.backend, cache, decoder, clock, "cached");
    this.#writeThrough = new WriteThrough(cache, decoder, clock);
  }

  /** Commits as the stack does, telling the cache. */
  async set(value: number): Promise<void> {
    const batches = [putting(value)];
    const sent = this.#writeThrough.sending(batches);
    this.#writeThrough.arrived(batches, await this.backend.commit(batches), sent);
  }

  /** Commits as another process would. */
  async setElsewhere(value: number): Promise<void> {
    await this.backend.commit([putting(value)]);
  }

  async get(): Promise<unknown> {
    return (await this.reader.read(ctx, "", "a")).handOut();
  }
}

function putting(value: number): Batch {
  const payload = PAYLOADS.encode(value);
  const put = {
    kind: "put",
    key: headKey("a"),
    type: ENTRY_TYPE.value,
    ...payload,
    expiry: undefined,
  } as const;
  return { id: `race${lastId++}`, ctx, namespace: "", checks: [], ranges: [], writes: [put] };
}

/** A read is answered after a commit that it did not see. What is read afterwards; 2 is right. */
export async function readOvertakenByCommit(cache: EntryCache): Promise<unknown> {
  const track = new RaceTrack(cache);
  await track.backend.open(ctx);
  await track.setElsewhere(1);
  const held = track.backend.hold("read", "after");
  const early = track.get();
  await held.reached;
  await track.set(2);
  held.release();
  await early;
  return await track.get();
}

/** A commit is answered after another process changed the key and the cache was told. 2 is right. */
export async function commitOvertakenByChange(cache: EntryCache): Promise<unknown> {
  const track = new RaceTrack(cache);
  await track.backend.open(ctx);
  const held = track.backend.hold("commit", "after");
  const committed = track.set(1);
  await held.reached;
  await track.setElsewhere(2);
  cache.invalidate("a");
  held.release();
  await committed;
  return await track.get();
}
