import assert from "node:assert/strict";
import { withCancel } from "../../core/context.js";
import { compareKeys, headKey, MAX_STORED_KEY_BYTES, type StoredKey } from "../../core/key.js";
import { EVERYTHING, inRange, prefixRange } from "../../core/range.js";
import { textOf } from "./read-cases.js";
import type { CaseList } from "./case-list.js";
import { HOSTILE_KEYS } from "./hostile-keys.js";
import { keyScanCases } from "./key-scan-cases.js";
import { LETTER_RANGES, LETTERS, stored, writeLetters } from "./letter-ranges.js";
import { del, firstOf, put, rejects, type Rig } from "./rig.js";

/** `scan`: ranges, order, limits, pages and counts. */
export function scanCases(list: CaseList): void {
  list.topic("scan", () => {
    list.topic("ranges", () => rangeCases(list));
    list.topic("limits and pages", () => pageCases(list));
    list.topic("keys alone", () => keyScanCases(list));
    list.topic("key order", () => orderCases(list));
    list.topic("hostile keys", () => hostileCases(list));
    list.topic("counts", () => countCases(list));
  });
}

function rangeCases(list: CaseList): void {
  for (const [title, range, keys] of LETTER_RANGES) {
    list.it(`gives ${title}`, async (rig) => {
      await writeLetters(rig);
      assert.deepEqual(await rig.keys(range), stored(keys));
    });

    list.it(`gives ${title}, in reverse`, async (rig) => {
      await writeLetters(rig);
      assert.deepEqual(await rig.keys(range, { reverse: true }), stored(keys).reverse());
    });

    list.it(`counts ${title}`, async (rig) => {
      await writeLetters(rig);
      assert.equal(await rig.count(range), keys.length);
    });

    list.it(`gives the first two of ${title}`, async (rig) => {
      await writeLetters(rig);
      assert.deepEqual(await rig.keys(range, { limit: 2 }), stored(keys).slice(0, 2));
    });

    list.it(`gives the last two of ${title}, in reverse`, async (rig) => {
      await writeLetters(rig);
      const expected = stored(keys).reverse().slice(0, 2);
      assert.deepEqual(await rig.keys(range, { limit: 2, reverse: true }), expected);
    });
  }

  list.it("gives nothing from an empty store", async (rig) => {
    assert.deepEqual(await rig.keys(), []);
    assert.deepEqual(await rig.keys(EVERYTHING, { reverse: true }), []);
  });
}

function pageCases(list: CaseList): void {
  const many = Array.from({ length: 3000 }, (_, i) => `key:${String(i).padStart(5, "0")}`);

  const writeMany = async (rig: Rig) => {
    await rig.commit({ writes: many.map((key) => put(key)) });
  };

  list.it("gives thousands of entries in order", async (rig) => {
    await writeMany(rig);
    assert.deepEqual(await rig.keys(), many.map(headKey));
  });

  list.it("gives thousands of entries in reverse", async (rig) => {
    await writeMany(rig);
    assert.deepEqual(await rig.keys(EVERYTHING, { reverse: true }), many.map(headKey).reverse());
  });

  for (const limit of [1, 511, 512, 513, 1024, 2999, 3000, 3001]) {
    list.it(`ends after ${limit} of 3000 entries`, async (rig) => {
      await writeMany(rig);
      assert.deepEqual(await rig.keys(EVERYTHING, { limit }), many.slice(0, limit).map(headKey));
    });
  }

  list.it("gives nothing with a limit of 0", async (rig) => {
    await writeLetters(rig);
    assert.deepEqual(await rig.keys(EVERYTHING, { limit: 0 }), []);
  });

  list.it("gives headers without their data but with everything else", async (rig) => {
    const { now } = await rig.write(put("a", { data: "123", expiry: { in: 60_000 } }));
    const [header] = await rig.scan(EVERYTHING, { want: "headers" });
    assert.equal(header?.key, headKey("a"));
    assert.equal(header.size, 3);
    assert.equal(header.expiresAt, now + 60_000);
  });

  list.it("gives values", async (rig) => {
    await writeLetters(rig);
    const entries = await rig.scan(EVERYTHING);
    assert.deepEqual(
      entries.map(({ data }) => textOf(data)),
      LETTERS,
    );
  });

  list.it("gives the clock and the position with every page", async (rig) => {
    await writeMany(rig);
    const position = await rig.position();
    for await (const page of rig.backend.scan(rig.ctx, "", EVERYTHING)) {
      assert.ok(Number.isFinite(page.now));
      assert.deepEqual(page.position, position);
    }
  });

  list.it("goes on behind the last page when keys come and go between two pages", async (rig) => {
    await writeMany(rig);
    const seen: StoredKey[] = [];
    for await (const page of rig.backend.scan(rig.ctx, "", EVERYTHING)) {
      const first = seen.length === 0;
      seen.push(...page.entries.map(({ key }) => key));
      if (first) await rig.write(put("key:00000a"), del(many[1] as string), del(many[2999] as string));
    }
    assert.deepEqual(seen, [...seen].sort(compareKeys), "still in order");
    assert.equal(new Set(seen).size, seen.length, "no key twice");
    const untouched = many.slice(2, 2999).map(headKey);
    const found = new Set(seen);
    assert.ok(
      untouched.every((key) => found.has(key)),
      "every key that was there all the time is seen",
    );
  });

  list.it("goes on below the last page in reverse when keys come and go between two pages", async (rig) => {
    await writeMany(rig);
    const seen: StoredKey[] = [];
    for await (const page of rig.backend.scan(rig.ctx, "", EVERYTHING, { reverse: true })) {
      const first = seen.length === 0;
      seen.push(...page.entries.map(({ key }) => key));
      if (first) await rig.write(put("key:02999a"), del(many[2998] as string), del(many[0] as string));
    }
    assert.equal(new Set(seen).size, seen.length, "no key twice");
    const found = new Set(seen);
    assert.ok(many.slice(1, 2998).every((key) => found.has(headKey(key))));
  });

  list.it("can be abandoned after a page", async (rig) => {
    await writeMany(rig);
    const page = await firstOf(rig.backend.scan(rig.ctx, "", EVERYTHING));
    assert.equal(page?.entries[0]?.key, headKey(many[0] as string));
    await rig.write(put("later"));
    assert.equal(await rig.count(), 3001);
  });

  list.it("rejects under a cancelled context", async (rig) => {
    const [ctx, cancel] = withCancel(rig.ctx);
    cancel();
    await rejects("cancelled", () => firstOf(rig.backend.scan(ctx, "", EVERYTHING)));
  });

  list.it("rejects at the next page when its context is cancelled", async (rig) => {
    await writeMany(rig);
    const [ctx, cancel] = withCancel(rig.ctx);
    await rejects("cancelled", async () => {
      for await (const page of rig.backend.scan(ctx, "", EVERYTHING)) {
        assert.ok(page.count < many.length, "3000 entries must not come in one page");
        cancel();
      }
    });
  });
}

function orderCases(list: CaseList): void {
  const neighbours: readonly (readonly [title: string, below: string, above: string])[] = [
    ["upper case before lower case", "B", "a"],
    ["a key before those it is a prefix of", "a", "aa"],
    ["a shorter number by its characters", "10", "9"],
    ["the highest ASCII before the lowest beyond", "\u007f", "\u0080"],
    ["two bytes before three", "\u07ff", "\u0800"],
    ["below the surrogates before above", "\ud7ff", "\ue000"],
    ["private use before an emoji, which UTF-16 puts below", "\ue000", "\u{1f600}"],
    ["U+FFFF before the first astral character", "\uffff", "\u{10000}"],
    ["a common prefix before U+FFFF and an emoji", "same\uffff", "same\u{1f600}"],
    ["astral characters among themselves", "\u{10000}", "\u{10ffff}"],
    ["a slash before a zero", "a/", "a0"],
    ["a control character before a space", "\u0001", " "],
  ];
  for (const [title, below, above] of neighbours) {
    list.it(`puts ${title}`, async (rig) => {
      await rig.write(put(above));
      await rig.write(put(below));
      assert.deepEqual(await rig.keys(), [headKey(below), headKey(above)]);
      assert.deepEqual(await rig.keys({ start: headKey(above) }), [headKey(above)]);
      assert.deepEqual(await rig.keys({ start: "", end: headKey(above) }), [headKey(below)]);
    });
  }

  list.it("keeps kinds apart: all of one before all of the next", async (rig) => {
    const keys = ["m", "x", "k", "i"].map((kind) => `${kind}z`);
    await rig.commit({ writes: keys.map((key) => ({ ...put("z"), key })) });
    assert.deepEqual(await rig.keys(), [...keys].sort(compareKeys));
    assert.deepEqual(await rig.keys(prefixRange("k")), ["kz"]);
  });

  list.it("finds the keys under a prefix that ends below the surrogates", async (rig) => {
    await rig.write(put("\ud7ffa"), put("\ue000"), put("\ud7fe"));
    assert.deepEqual(await rig.keys(prefixRange(headKey("\ud7ff"))), [headKey("\ud7ffa")]);
  });

  list.it("finds the keys under a prefix of the highest character", async (rig) => {
    await rig.write(put("\u{10ffff}a"), put("\u{10fffe}"));
    assert.deepEqual(await rig.keys(prefixRange(headKey("\u{10ffff}"))), [headKey("\u{10ffff}a")]);
  });

  list.it("keeps the order of hostile keys added before and after a scan", async (rig) => {
    const keys = HOSTILE_KEYS.map(([, key]) => key);
    const half = keys.length >> 1;
    await rig.commit({ writes: keys.slice(half).map((key) => put(key)) });
    assert.equal(await rig.count(), keys.length - half);
    await rig.commit({ writes: keys.slice(0, half).map((key) => put(key)) });
    assert.deepEqual(await rig.keys(), keys.map(headKey).sort(compareKeys));
  });

  list.it("cuts ranges at hostile keys", async (rig) => {
    const keys = HOSTILE_KEYS.map(([, key]) => headKey(key)).sort(compareKeys);
    await rig.commit({ writes: HOSTILE_KEYS.map(([, key]) => put(key)) });
    for (const key of keys) {
      const range = { start: key };
      assert.deepEqual(
        await rig.keys(range),
        keys.filter((other) => inRange(other, range)),
      );
      assert.equal(await rig.count({ start: "", end: key }), keys.indexOf(key));
    }
  });
}

function hostileCases(list: CaseList): void {
  for (const [why, key] of HOSTILE_KEYS) {
    list.it(`keeps ${why} as a key`, async (rig) => {
      await rig.write(put(key, { data: "kept" }), put("neighbour"));
      assert.equal(textOf((await rig.get(key))?.data), "kept");
      assert.deepEqual(await rig.keys(), ["neighbour", key].map(headKey).sort(compareKeys));
      await rig.write(del(key));
      assert.deepEqual(await rig.keys(), [headKey("neighbour")]);
    });
  }

  list.it("keeps all of them at once, without collisions", async (rig) => {
    const keys = HOSTILE_KEYS.map(([, key]) => key);
    await rig.commit({ writes: keys.map((key, i) => put(key, { data: String(i) })) });
    const { entries } = await rig.backend.read(rig.ctx, "", keys.map(headKey));
    assert.deepEqual(
      entries.map((entry) => textOf(entry?.data)),
      keys.map((_, i) => String(i)),
    );
  });

  list.it("leaves Object.prototype alone", async (rig) => {
    await rig.write(put("__proto__", { data: '{"polluted":true}' }), put("constructor"));
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    assert.equal(await rig.get("toString"), undefined);
    assert.equal(await rig.get("valueOf"), undefined);
  });

  list.it("keeps stored keys of 1536 bytes", async (rig) => {
    const keys = ["a", "b"].map((last) => `i${"x".repeat(MAX_STORED_KEY_BYTES - 2)}${last}`);
    await rig.commit({ writes: keys.map((key) => ({ ...put(""), key, type: 5 as const })) });
    assert.deepEqual(await rig.keys(), keys);
  });
}

function countCases(list: CaseList): void {
  list.it("counts nothing in an empty store", async (rig) => {
    assert.equal(await rig.count(), 0);
  });

  list.it("counts at most the limit", async (rig) => {
    await writeLetters(rig);
    assert.equal(await rig.count(EVERYTHING, "", 3), 3);
    assert.equal(await rig.count(EVERYTHING, "", 9), 5);
  });

  list.it("follows puts, replacements and deletes", async (rig) => {
    for (let i = 0; i < 100; i++) await rig.write(put(`key:${i}`));
    assert.equal(await rig.count(), 100);
    for (let i = 0; i < 100; i += 2) await rig.write(put(`key:${i}`));
    assert.equal(await rig.count(), 100);
    for (let i = 0; i < 100; i += 4) await rig.write(del(`key:${i}`));
    assert.equal(await rig.count(), 75);
  });

  list.it("counts 5000 keys written in no order", async (rig) => {
    const keys = Array.from({ length: 5000 }, (_, i) => `n:${(i * 7919) % 5000}`);
    for (let at = 0; at < keys.length; at += 500) {
      await rig.commit({ writes: keys.slice(at, at + 500).map((key) => put(key)) });
    }
    assert.equal(await rig.count(), 5000);
    assert.equal(await rig.count(prefixRange(headKey("n:12"))), 111);
  });
}
