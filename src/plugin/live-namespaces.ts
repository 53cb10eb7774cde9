import type { Context } from "../core/context.js";
import { compareKeys } from "../core/key.js";
import { HEADS } from "../core/range.js";
import { holdsAny } from "./holds-any.js";
import type { Stack } from "./stack.js";

/** The namespaces that hold live keys, in key order. */
export async function listLiveNamespaces({ backend }: Stack, ctx: Context): Promise<string[]> {
  const live: string[] = [];
  for await (const names of backend.namespaces(ctx)) {
    for (const name of names) if (await holdsAny(backend, ctx, name, HEADS)) live.push(name);
  }
  return live.sort(compareKeys);
}
