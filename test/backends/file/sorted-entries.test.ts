import { expect } from "chai";
import fc from "fast-check";
import { sortedEntries } from "../../../src/backends/file/sorted-entries.js";
import { Breather } from "../../../src/backends/files/breather.js";
import { localEntry } from "../../../src/backends/local/local-entry.js";
import { compareKeys, headKey } from "../../../src/core/key.js";
import { ENTRY_TYPE } from "../../../src/core/entry.js";
import { systemRuntime } from "../../../src/core/runtime.js";

const VERSION = "00000000-0000-4000-8000-000000000000.1";

function entryOf(name: string) {
  const parts = { key: headKey(name), version: VERSION, type: ENTRY_TYPE.value, codec: 1, data: "1" };
  return localEntry({ ...parts, incarnation: undefined, expiresAt: undefined });
}

const sorted = async (names: readonly string[]) => {
  const entries = await sortedEntries(names.map(entryOf), new Breather(systemRuntime.clock));
  return entries.map(({ key }) => key);
};

describe("sortedEntries", () => {
  it("puts entries in the order of the UTF-8 of their keys", async () => {
    const name = fc.string({
      unit: fc.constantFrom("a", "b", "é", "\ud7ff", "\ue000", "\uffff", "😀"),
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 60 }), async (names) => {
        expect(await sorted(names)).to.deep.equal(names.map(headKey).sort(compareKeys));
      }),
    );
  });

  it("merges many runs, of which only the last has keys that JavaScript would put elsewhere", async () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `key ${(i * 7919) % 5_000}`);
    names.push("\uffff", "😀", "key \uffff", "key 😀");
    expect(await sorted(names)).to.deep.equal(names.map(headKey).sort(compareKeys));
  });

  it("gives none for none", async () => {
    expect(await sorted([])).to.deep.equal([]);
  });
});
