import type { Check } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { findOrphans } from "../transaction/orphan-items.js";
import { MARKS } from "./marks.js";
import type { Stack } from "./stack.js";

/** Whoever begins to fill a namespace keeps what is left there. */
const UNMARKED: readonly Check[] = MARKS.map((key) => ({ key, version: null }));

/** Drops the items of structures that are gone, wherever there are any. */
export async function dropOrphans(stack: Stack, ctx: Context): Promise<void> {
  await stack.deadItems.settled();
  const all: string[] = [];
  for await (const names of stack.backend.namespaces(ctx)) all.push(...names);
  for (const name of all) {
    const orphans = await findOrphans(stack.backend, ctx, name, MARKS);
    if (orphans.length > 0) await stack.deadItems.dropItems(ctx, name, orphans, UNMARKED);
  }
}

/** The structures of a namespace that are gone and have left items, those not counted that are about to be dropped. */
export async function countOrphans(stack: Stack, ctx: Context, namespace: string): Promise<number> {
  if ((await findOrphans(stack.backend, ctx, namespace, MARKS)).length === 0) return 0;
  await stack.deadItems.settled();
  return (await findOrphans(stack.backend, ctx, namespace, MARKS)).length;
}
