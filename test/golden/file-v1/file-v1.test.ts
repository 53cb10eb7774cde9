import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { fileBackend } from "../../../src/backends/file/file-backend.js";
import { background } from "../../../src/core/context.js";
import { suiteSetup } from "../../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { goldenEntry, type GoldenContent } from "../golden-entry.js";

const ctx = background();
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Stores of format 1, as version 0.1 wrote them: they open for ever. */
describe("golden files: file backend, format 1", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-golden-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  for (const form of ["plain", "gzip"]) {
    for (const readOnly of [false, true]) {
      it(`${form}, opened for ${readOnly ? "reading" : "writing"}, holds what it held`, async () => {
        await cp(join(HERE, form), folder, { recursive: true });
        const conditions = { runtime: new FakeRuntime(), changes: { count: 9, ageMs: 1000 }, sweepIntervalMs: 0 };
        const options = { path: join(folder, "storage.json"), readOnly };
        const store = fileBackend(suiteSetup(conditions, { options }));
        await store.open(ctx);
        const expected = JSON.parse(await readFile(join(HERE, "expected.json"), "utf8")) as GoldenContent;
        for (const [namespace, held] of Object.entries(expected)) {
          expect((await store.read(ctx, namespace, [])).position).to.deep.equal(held.position);
          const found: unknown[] = [];
          for await (const { entries } of store.scan(ctx, namespace, { start: "" })) found.push(...entries.map(goldenEntry));
          expect(found).to.deep.equal(held.entries);
        }
        await store.close(ctx);
      });
    }
  }
});
