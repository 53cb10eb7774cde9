import type { Context } from "../core/context.js";
import { compareKeys } from "../core/key.js";
import { HEADS } from "../core/range.js";
import type { Stack } from "./stack.js";

/** The namespaces that hold live keys, in key order. */
export async function listLiveNamespaces({ backend }: Stack, ctx: Context): Promise<string[]> {
  const live: string[] = [];
  for await (const names of backend.namespaces(ctx)) {
    for (const name of names) {
      for await (const { count } of backend.scan(ctx, name, HEADS, { want: "count", limit: 1 })) {
        if (count > 0) live.push(name);
      }
    }
  }
  return live.sort(compareKeys);
}
