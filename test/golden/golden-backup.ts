import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Backend } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import type { RestoreOptions } from "../../src/index.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { openTapped } from "../support/tapped-store.js";

const ctx = background();
/** Ten seconds after the backups were made: one of their entries has expired by then. */
const RESTORED_AT = Date.UTC(2026, 10, 27, 0, 0, 10);

export const GOLDEN_BACKUPS = ["full", "incremental"] as const;
type Expected = Readonly<
  Record<(typeof GOLDEN_BACKUPS)[number], Readonly<Record<string, readonly unknown[]>>>
>;

/** What the golden backups hold, of every format. */
export async function expectedEntries(): Promise<Expected> {
  const file = fileURLToPath(new URL("backup-v1/expected.json", import.meta.url));
  return JSON.parse(await readFile(file, "utf8")) as Expected;
}

/** What a store holds that a backup was restored into. */
export async function restoredEntries(
  folder: string,
  options: RestoreOptions = {},
): Promise<Record<string, unknown[]>> {
  const runtime = new FakeRuntime({ wallMs: RESTORED_AT });
  const { storage, backend } = await openTapped({ backend: "memory" }, {}, { runtime });
  await storage.restore(ctx, folder, options);
  const found: Record<string, unknown[]> = {};
  for (const namespace of ["", "late", "n/ä", "s"]) {
    const entries = await entriesOf(backend, namespace);
    if (entries.length > 0) found[namespace] = entries;
  }
  await storage.stop();
  return found;
}

/** Entries without what a restore gives anew: versions, and the incarnation, which is the same in a head and its items. */
async function entriesOf(backend: Backend, namespace: string): Promise<unknown[]> {
  const shown: unknown[] = [];
  let id = "";
  for await (const { entries } of backend.scan(ctx, namespace, { start: "" })) {
    for (const { key, type, codec, data, expiresAt, incarnation } of entries) {
      if (key.startsWith("\0i")) id = key.slice(2, 24);
      const whose = incarnation === undefined ? {} : { incarnation: incarnation === id ? "ITEMS" : incarnation };
      const held = typeof data === "string" ? data : { base64: Buffer.from(data).toString("base64") };
      const deadline = expiresAt === undefined ? {} : { expiresAt };
      shown.push({ key: id === "" ? key : key.replace(id, "ITEMS"), type, codec, data: held, ...whose, ...deadline });
    }
  }
  return shown;
}
