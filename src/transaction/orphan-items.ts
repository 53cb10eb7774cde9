import type { Backend } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { incarnationOfItem, itemRange } from "../core/incarnation.js";
import { KIND, type StoredKey } from "../core/key.js";
import { HEADS, prefixRange, type KeyRange } from "../core/range.js";

/** Items looked at before the rest of their incarnation is passed over. */
const PAGE_ITEMS = 256;

/**
 * The incarnations of a namespace that have items but no head: what was left when a process was killed between the end
 * of a structure and the removal of its items. Looks at no more than a page of items of each structure.
 *
 * The items are looked at first: since a head is written with its first items, whose head is not there afterwards
 * will never have one. Who writes items before their head marks the namespace meanwhile: a mark that is not there after
 * the items were looked at is gone because their heads are there.
 *
 * @param marks while one of these keys is there, nothing counts as left.
 */
export async function findOrphans(
  backend: Backend,
  ctx: Context,
  namespace: string,
  marks: readonly StoredKey[] = [],
): Promise<string[]> {
  const orphans = await incarnations(backend, ctx, namespace);
  if (orphans.size === 0 || (await isMarked(backend, ctx, namespace, marks))) return [];
  for await (const { entries } of backend.scan(ctx, namespace, HEADS, { want: "headers" })) {
    for (const { incarnation } of entries) if (incarnation !== undefined) orphans.delete(incarnation);
  }
  return [...orphans];
}

async function isMarked(
  backend: Backend,
  ctx: Context,
  namespace: string,
  marks: readonly StoredKey[],
): Promise<boolean> {
  if (marks.length === 0) return false;
  const { entries } = await backend.read(ctx, namespace, marks, { want: "headers" });
  return entries.some((entry) => entry !== undefined);
}

async function incarnations(backend: Backend, ctx: Context, namespace: string): Promise<Set<string>> {
  const found = new Set<string>();
  const options = { want: "keys", limit: PAGE_ITEMS } as const;
  let rest: KeyRange | undefined = prefixRange(KIND.item);
  while (rest !== undefined) {
    let last: string | undefined;
    for await (const { entries } of backend.scan(ctx, namespace, rest, options)) {
      for (const { key } of entries) found.add((last = incarnationOfItem(key)));
    }
    rest = last === undefined ? undefined : after(rest, itemRange(last));
  }
  return found;
}

function after(range: KeyRange, passed: KeyRange): KeyRange | undefined {
  return passed.end === undefined ? undefined : { ...range, start: passed.end };
}
