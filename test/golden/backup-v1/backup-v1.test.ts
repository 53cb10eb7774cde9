import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Backend } from "../../../src/backends/backend.js";
import { background } from "../../../src/core/context.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { openTapped } from "../../support/tapped-store.js";

const ctx = background();
const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Ten seconds after the backups were made: one of their entries has expired by then. */
const RESTORED_AT = Date.UTC(2026, 10, 27, 0, 0, 10);

type Expected = Readonly<Record<"full" | "incremental", Readonly<Record<string, readonly unknown[]>>>>;

/** Backups of format 1, as version 0.1 wrote them: they can be restored for ever. */
describe("golden files: backup, format 1", () => {
  for (const name of ["full", "incremental"] as const) {
    it(`${name} is restored to what it held`, async () => {
      const runtime = new FakeRuntime({ wallMs: RESTORED_AT });
      const { storage, backend } = await openTapped({ backend: "memory" }, {}, { runtime });
      await storage.restore(ctx, join(HERE, name));
      const expected = JSON.parse(await readFile(join(HERE, "expected.json"), "utf8")) as Expected;
      const found: Record<string, unknown[]> = {};
      for (const namespace of ["", "late", "n/ä", "s"]) {
        const entries = await entriesOf(backend, namespace);
        if (entries.length > 0) found[namespace] = entries;
      }
      expect(found).to.deep.equal(expected[name]);
      await storage.stop();
    });
  }
});

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
