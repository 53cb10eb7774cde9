import assert from "node:assert/strict";
import type { ScanOptions } from "../../backends/backend.js";
import { withCancel } from "../../core/context.js";
import { ENTRY_TYPE } from "../../core/entry.js";
import { compareKeys, headKey, type StoredKey } from "../../core/key.js";
import { EVERYTHING, type KeyRange } from "../../core/range.js";
import type { CaseList } from "./case-list.js";
import { LETTER_RANGES, stored, writeLetters } from "./letter-ranges.js";
import { del, firstOf, put, rejects, type Rig } from "./rig.js";

/** More than any backend gives in one page. */
const MANY = 6000;

/** `want: "keys"` gives the keys of the other wants, and nothing else. */
export function keyScanCases(list: CaseList): void {
  const many = Array.from({ length: MANY }, (_, i) => `key:${String(i).padStart(5, "0")}`);

  const writeMany = async (rig: Rig) => {
    await rig.writeMany(many.map((key) => put(key)));
  };

  const keysAlone = async (rig: Rig, range: KeyRange, options: ScanOptions<"keys"> = {}) =>
    (await rig.scan(range, { ...options, want: "keys" })).map(({ key }) => key);

  list.it("gives keys and nothing else", async (rig) => {
    await rig.write(put("a"), put("b", { type: ENTRY_TYPE.list, incarnation: "i".repeat(22) }));
    await rig.write(put("c", { expiry: { in: 60_000 } }));
    const entries = await rig.scan(EVERYTHING, { want: "keys" });
    assert.deepEqual(
      entries,
      stored("abc").map((key) => ({ key })),
    );
  });

  for (const [title, range, keys] of LETTER_RANGES) {
    list.it(`gives those of ${title}, both ways and limited`, async (rig) => {
      await writeLetters(rig);
      const forward = stored(keys);
      const backward = forward.toReversed();
      assert.deepEqual(await keysAlone(rig, range), forward);
      assert.deepEqual(await keysAlone(rig, range, { reverse: true }), backward);
      assert.deepEqual(await keysAlone(rig, range, { limit: 2 }), forward.slice(0, 2));
      assert.deepEqual(await keysAlone(rig, range, { limit: 2, reverse: true }), backward.slice(0, 2));
      assert.deepEqual(await keysAlone(rig, range, { limit: 0 }), []);
    });
  }

  list.it("gives thousands in order and in reverse, page by page", async (rig) => {
    await writeMany(rig);
    const expected = many.map(headKey);
    assert.deepEqual(await keysAlone(rig, EVERYTHING), expected);
    assert.deepEqual(await keysAlone(rig, EVERYTHING, { reverse: true }), expected.toReversed());
  });

  list.it("ends at the limit, wherever pages end", async (rig) => {
    await writeMany(rig);
    for (const limit of [1, 511, 512, 1024, 2048, 4096, MANY - 1, MANY + 1]) {
      assert.deepEqual(await keysAlone(rig, EVERYTHING, { limit }), many.slice(0, limit).map(headKey));
      const lowest = Math.max(0, many.length - limit);
      const last = many.slice(lowest).reverse().map(headKey);
      assert.deepEqual(await keysAlone(rig, EVERYTHING, { limit, reverse: true }), last);
    }
  });

  list.it("gives the clock and the position with every page", async (rig) => {
    await writeLetters(rig);
    const page = await firstOf(rig.backend.scan(rig.ctx, "", EVERYTHING, { want: "keys" }));
    assert.ok(Number.isFinite(page?.now));
    assert.deepEqual(page?.position, await rig.position());
  });

  for (const reverse of [false, true]) {
    const way = reverse ? "in reverse" : "in order";
    list.it(`goes on ${way} behind the last page when keys come and go between two pages`, async (rig) => {
      await writeMany(rig);
      const seen: StoredKey[] = [];
      for await (const page of rig.backend.scan(rig.ctx, "", EVERYTHING, { want: "keys", reverse })) {
        const isFirst = seen.length === 0;
        seen.push(...page.entries.map(({ key }) => key));
        if (isFirst)
          await rig.write(put("key:03000a"), ...[0, 1, MANY - 2, MANY - 1].map((i) => del(many[i] ?? "")));
      }
      const found = new Set(seen);
      assert.equal(found.size, seen.length, "no key twice");
      const sorted = seen.toSorted(compareKeys);
      assert.deepEqual(seen, reverse ? sorted.reverse() : sorted, "in order all along");
      assert.ok(
        many.slice(2, MANY - 2).every((key) => found.has(headKey(key))),
        "every key that was there all the time is seen",
      );
    });
  }

  list.it("rejects at the next page when its context is cancelled", async (rig) => {
    await writeMany(rig);
    const [ctx, cancel] = withCancel(rig.ctx);
    await rejects("cancelled", async () => {
      for await (const page of rig.backend.scan(ctx, "", EVERYTHING, { want: "keys" })) {
        assert.ok(page.count < many.length, `${MANY} keys must not come in one page`);
        cancel();
      }
    });
  });
}
