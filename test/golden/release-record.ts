import { START, type Backend } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { namesOf } from "../support/store-content.js";
import { goldenEntry } from "./golden-entry.js";

const ctx = background();

/** What a store says through the backend contract, of each namespace: all that must stay what it was. */
export type StoreRecord = Readonly<
  Record<string, Readonly<Record<"position" | "entries" | "changes", unknown>>>
>;

export async function recordOf(backend: Backend): Promise<StoreRecord> {
  const record: Record<string, StoreRecord[string]> = {};
  for (const name of await namesOf(backend)) {
    const entries: unknown[] = [];
    for await (const page of backend.scan(ctx, name, { start: "" }))
      entries.push(...page.entries.map(goldenEntry));
    const fromStart = await backend.changes(ctx, name, START, { limit: 1000 });
    const kept = await backend.changes(ctx, name, undefined, { limit: 1000 });
    record[name] = {
      position: (await backend.read(ctx, name, [])).position,
      entries,
      changes: { reachStart: !fromStart.lost, kept: kept.lost ? "lost" : kept.changes },
    };
  }
  return record;
}
