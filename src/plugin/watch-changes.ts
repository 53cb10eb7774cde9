import { START, type Change as CommitChange, type ChangedWrite, type Position } from "../backends/backend.js";
import { withCancel, type Context } from "../core/context.js";
import { ENTRY_TYPE, type StoredEntry } from "../core/entry.js";
import { toStorageError, type OperationDetails } from "../core/errors.js";
import { headKey, isHead, userKey } from "../core/key.js";
import { compilePattern, type Pattern } from "../core/pattern.js";
import { requireKnownOptions } from "../core/known-options.js";
import { HEADS, overlaps } from "../core/range.js";
import type { Timers } from "../core/runtime.js";
import type { Stack } from "./stack.js";
import type { Change, WatchOptions } from "./storage.js";
import { formatPosition, parsePosition, type ChangePosition } from "./watch-position.js";

export interface Watch {
  /** Answers the open stack, or throws what keeps the call from beginning. */
  readonly stack: () => Stack;
  readonly ctx: Context;
  readonly namespace: string;
  readonly pattern: string;
  readonly options: WatchOptions;
  readonly details: OperationDetails;
}

const PAGE_COMMITS = 256;
const WAIT_MS = 30_000;
/** As long as a timer can be. */
const LONG_MS = 2 ** 31 - 1;

/**
 * The changes of a namespace whose keys match, in commit order. Begins at the first `next()`; ends by `return()`, at
 * once even while it waits, or rejects when the context is over or the store closes. The process stays alive while it waits.
 */
export function watchChanges<T>(watch: Watch): AsyncIterableIterator<Change<T>> {
  const [ctx, cancel] = withCancel(watch.ctx);
  const changes = generate<T>(watch, ctx);
  let isLeft = false;
  return {
    async next() {
      try {
        return await changes.next();
      } catch (error) {
        if (isLeft) return { done: true, value: undefined };
        throw toStorageError(error, watch.details);
      }
    },
    async return() {
      isLeft = true;
      cancel();
      await changes.return(undefined).catch(() => undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* generate<T>(watch: Watch, ctx: Context): AsyncGenerator<Change<T>> {
  requireKnownOptions("watch", watch.options, ["after"]);
  const pattern = compilePattern(watch.pattern);
  let place = await beginning(watch, ctx);
  for (;;) {
    const { backend, runtime } = watch.stack();
    const options = { limit: PAGE_COMMITS, waitMs: WAIT_MS };
    const page = await keepingAlive(runtime.timers, () =>
      backend.changes(ctx, watch.namespace, place.after, options),
    );
    if (page.lost) yield { type: "gap", position: formatPosition(page.position) };
    else yield* describe<T>(watch, ctx, pattern, page.changes, place);
    if (page.lost || page.changes.length > 0) place = { after: page.position, told: 0 };
  }
}

/** The process stays alive while `wait` runs. Backends see to that for nobody, since caches wait for changes too. */
async function keepingAlive<T>(timers: Timers, wait: () => Promise<T>): Promise<T> {
  const end = timers.after(LONG_MS, () => undefined, true);
  try {
    return await wait();
  } finally {
    end();
  }
}

async function beginning({ stack, namespace, options }: Watch, ctx: Context): Promise<ChangePosition> {
  if (options.after !== undefined) return parsePosition(options.after);
  const { position } = await stack().backend.read(ctx, namespace, []);
  return { after: position ?? START, told: 0 };
}

async function* describe<T>(
  watch: Watch,
  ctx: Context,
  pattern: Pattern,
  commits: readonly CommitChange[],
  { after, told }: ChangePosition,
): AsyncGenerator<Change<T>> {
  const values = await currentValues(watch, ctx, wantedKeys(pattern, commits));
  let [before, at] = [after, told];
  for (const { position, writes } of commits) {
    for (; at < writes.length; at++) {
      const change = changeOf<T>(watch, pattern, writes[at] as ChangedWrite, position, values);
      if (change === undefined) continue;
      const isLast = at === writes.length - 1;
      yield { ...change, position: isLast ? formatPosition(position) : formatPosition(before, at + 1) };
    }
    [before, at] = [position, 0];
  }
}

function wantedKeys(pattern: Pattern, commits: readonly CommitChange[]): string[] {
  const keys = new Set<string>();
  for (const { writes } of commits) {
    for (const write of writes)
      if (write.kind === "put" && concerns(pattern, write)) keys.add(userKey(write.key));
  }
  return [...keys];
}

/** What the changed keys hold now; a value is passed on only if it is still the one its commit wrote. */
async function currentValues(
  watch: Watch,
  ctx: Context,
  keys: readonly string[],
): Promise<Map<string, StoredEntry>> {
  const found = new Map<string, StoredEntry>();
  if (keys.length === 0) return found;
  const { entries } = await watch.stack().backend.read(ctx, watch.namespace, keys.map(headKey));
  for (const entry of entries) if (entry !== undefined) found.set(entry.key, entry);
  return found;
}

function changeOf<T>(
  watch: Watch,
  pattern: Pattern,
  write: ChangedWrite,
  at: Position,
  values: ReadonlyMap<string, StoredEntry>,
): Omit<Change<T>, "position"> | undefined {
  if (write.kind === "delete-range") return overlaps(write.range, HEADS) ? { type: "clear" } : undefined;
  if (!concerns(pattern, write)) return undefined;
  const key = userKey(write.key);
  if (write.kind !== "put") return { type: write.kind, key };
  const entry = values.get(write.key);
  const value = entry?.version === at.id && entry.type === ENTRY_TYPE.value ? decoded<T>(watch, entry) : {};
  return { type: "set", key, version: at.id, ...value };
}

function decoded<T>(watch: Watch, entry: StoredEntry): { readonly value: T } {
  return { value: watch.stack().reader.decodeValue(watch.namespace, entry) as T };
}

function concerns(pattern: Pattern, write: { readonly key: string }): boolean {
  return isHead(write.key) && pattern.matches(userKey(write.key));
}
