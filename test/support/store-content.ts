import type { Backend } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";

const ctx = background();

/** Names of the namespaces, in order. */
export async function namesOf(backend: Backend): Promise<string[]> {
  const names: string[] = [];
  for await (const page of backend.namespaces(ctx)) names.push(...page);
  return names.sort();
}

/** Of a namespace, those that are live on the clock of `judge`. */
export async function liveEntries(backend: Backend, namespace: string, judge: Backend): Promise<unknown[]> {
  const { now } = await judge.read(ctx, namespace, []);
  const entries: unknown[] = [];
  for await (const page of backend.scan(ctx, namespace, { start: "" })) {
    for (const { key, version, type, codec, data, incarnation, expiresAt } of page.entries) {
      if (expiresAt !== undefined && expiresAt <= now) continue;
      entries.push({
        key,
        version,
        type,
        codec,
        data: Buffer.from(data).toString("hex"),
        incarnation,
        expiresAt,
      });
    }
  }
  return entries;
}
