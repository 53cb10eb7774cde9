import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Backend } from "../../../src/backends/backend.js";
import { directoryBackend } from "../../../src/backends/directory/directory-backend.js";
import { background } from "../../../src/core/context.js";
import { suiteSetup } from "../../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { namesOf } from "../../support/store-content.js";
import { goldenEntry, type GoldenContent } from "../golden-entry.js";

const ctx = background();
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Stores of format 1, as version 0.1 wrote them: they open for ever. */
describe("golden files: directory backend, format 1", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-golden-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function opened(): Promise<Backend> {
    const conditions = { runtime: new FakeRuntime(), changes: { count: 9, ageMs: 1000 }, sweepIntervalMs: 0 };
    const store = directoryBackend(suiteSetup(conditions, { options: { path: join(folder, "store") } }));
    await store.open(ctx);
    return store;
  }

  async function contentOf(store: Backend): Promise<GoldenContent> {
    const content: Record<string, GoldenContent[string]> = {};
    for (const name of await namesOf(store)) {
      const entries: unknown[] = [];
      for await (const page of store.scan(ctx, name, { start: "" })) entries.push(...page.entries.map(goldenEntry));
      content[name] = { position: (await store.read(ctx, name, [])).position, entries };
    }
    return content;
  }

  for (const form of ["closed", "journaled"]) {
    it(`${form}, holds what it held, is sound, and holds it still when it was closed`, async () => {
      await cp(join(HERE, form), join(folder, "store"), { recursive: true });
      const expected = JSON.parse(await readFile(join(HERE, "expected.json"), "utf8")) as GoldenContent;
      for (let time = 0; time < 2; time++) {
        const store = await opened();
        expect(await contentOf(store)).to.deep.equal(expected);
        await store.extensions.flush?.(ctx);
        expect((await store.extensions.verify?.(ctx))?.problems).to.deep.equal([]);
        await store.close(ctx);
      }
    });
  }
});
