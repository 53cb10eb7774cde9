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

for (const { name, keys, compressFrom } of FORMS) {
  const ring =
    keys === 0 ? new KeyRing([], undefined) : new KeyRing([new SealingKey("k", Buffer.alloc(32, 7))], "k");
  const seal = new ValueSeal({ keys: ring, compressFrom, refusesPlain: false });
  const harness = memoryHarness(
    (setup) => new SealedBackend(memoryBackend(setup), seal),
    `memory with ${name}`,
  );
  describeBackend(harness, { describe, it });
}
