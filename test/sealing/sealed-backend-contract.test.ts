import assert, { AssertionError } from "node:assert/strict";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { KeyRing, SealingKey } from "../../src/sealing/key-ring.js";
import { SealedBackend } from "../../src/sealing/sealed-backend.js";
import { ValueSeal } from "../../src/sealing/value-seal.js";
import { describeBackend } from "../../src/testing/backend-suite.js";
import { memoryHarness } from "../support/memory-harness.js";

const FORMS = [
  { name: "nothing done to its values", keys: 0, compressFrom: Infinity },
  { name: "values compressed and encrypted", keys: 1, compressFrom: 10 },
] as const;

/** What holds of the backend below alone: headers count what is stored, which sealing makes more or less. */
const OF_STORED_SIZES = new Set([
  "gives headers with everything but the data",
  "gives headers without their data but with everything else",
  "answers with the header of what a put replaced",
]);

for (const { name, keys, compressFrom } of FORMS) {
  const ring =
    keys === 0 ? new KeyRing([], undefined) : new KeyRing([new SealingKey("k", Buffer.alloc(32, 7))], "k");
  const seal = new ValueSeal({ keys: ring, compressFrom, refusesPlain: false });
  const harness = memoryHarness(
    (setup) => new SealedBackend(memoryBackend(setup), seal),
    `memory with ${name}`,
  );
  const judged = (title: string, run: () => Promise<void>) =>
    OF_STORED_SIZES.has(title) && keys > 0
      ? it(`differs from: ${title}`, () => assert.rejects(run, AssertionError))
      : it(title, run);
  describeBackend(harness, { describe, it: judged });
}
