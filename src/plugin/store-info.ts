import type { Capabilities, Durability, Limits } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { ENTRY_TYPE } from "../core/entry.js";
import { HEADS } from "../core/range.js";
import { maskSecrets } from "../observability/mask-secrets.js";
import { listLiveNamespaces } from "./live-namespaces.js";
import type { Stack } from "./stack.js";

/** What a store is and holds, over all namespaces. */
export interface StoreInfo {
  /** The backend's name. */
  readonly type: string;
  /** The durability that holds when a write resolves. */
  readonly durability: Durability;
  /** Live keys of every type. */
  readonly size: number;
  readonly values: number;
  readonly lists: number;
  readonly hashes: number;
  readonly blobs: number;
  readonly namespaces: number;
  /** Bytes of the files that hold the data; absent where there are none. */
  readonly fileBytes?: number;
  readonly files?: readonly { readonly path: string; readonly bytes: number }[];
  readonly openTransactions: number;
  readonly capabilities: Capabilities;
  readonly limits: Limits;
  /** The configuration in force, with secrets masked. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

export async function inspectStore(stack: Stack, ctx: Context): Promise<StoreInfo> {
  const { info, extensions } = stack.backend;
  const names = await listLiveNamespaces(stack, ctx);
  const counts = await countTypes(stack, ctx, names);
  const files = await extensions.files?.(ctx);
  const fileBytes = files?.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    type: info.name,
    durability: info.durability,
    ...counts,
    namespaces: names.length,
    ...(files === undefined || fileBytes === undefined ? {} : { fileBytes, files }),
    openTransactions: stack.services.open.size,
    capabilities: info.capabilities,
    limits: info.limits,
    configuration: maskSecrets({ ...stack.settings }),
  };
}

async function countTypes({ backend }: Stack, ctx: Context, namespaces: readonly string[]) {
  const counts = new Map<number, number>();
  for (const name of namespaces) {
    for await (const page of backend.scan(ctx, name, HEADS, { want: "headers" })) {
      for (const { type } of page.entries) counts.set(type, (counts.get(type) ?? 0) + 1);
    }
  }
  const of = (type: number) => counts.get(type) ?? 0;
  return {
    size: [...counts.values()].reduce((sum, count) => sum + count, 0),
    values: of(ENTRY_TYPE.value),
    lists: of(ENTRY_TYPE.list),
    hashes: of(ENTRY_TYPE.hash),
    blobs: of(ENTRY_TYPE.blob),
  };
}
