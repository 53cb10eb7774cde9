import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { StoredEntry } from "../../core/entry.js";
import { headKey, userKey } from "../../core/key.js";
import { EVERYTHING } from "../../core/range.js";
import type { CaseList } from "./case-list.js";
import { textOf } from "./read-cases.js";
import { faulted, put, type Rig } from "./rig.js";

const MIB = 1024 * 1024;

const TEXTS: readonly (readonly [title: string, text: string])[] = [
  ["empty text", ""],
  ["a JSON text", '{"a":[1,2,{"b":null}],"c":"x"}'],
  ["a JSON text of one digit", "0"],
  ["text with line feeds", "a\nb\r\nc\n"],
  ["text with quotes and backslashes", '"\\" \\\\ \\n \\u0000'],
  ["text with U+0000", "a\0b"],
  ["text with line separators", "\u2028\u2029"],
  ["text beyond Latin-1", "ä€你好\u{1f600}"],
  ["text that begins with a byte order mark", "\ufeffx"],
  ["text of 1 MiB", "x".repeat(MIB)],
  ["wide text of 1 MiB", "€".repeat(MIB / 4)],
];

const BYTES: readonly (readonly [title: string, bytes: Uint8Array])[] = [
  ["no bytes", new Uint8Array(0)],
  ["one byte of zero", new Uint8Array(1)],
  ["every byte", Uint8Array.from({ length: 256 }, (_, i) => i)],
  ["bytes that are not UTF-8", Uint8Array.from([0xff, 0xfe, 0x80, 0xc0, 0xed, 0xa0, 0x80])],
  ["bytes that look like lines", Buffer.from('{"a":1}\n{"b":2}\n\n')],
  ["1 MiB of bytes", Uint8Array.from({ length: MIB }, (_, i) => (i * 31) & 0xff)],
];

/** Data goes in and comes out the same, whatever it is, and nobody changes it on the way. */
export function payloadCases(list: CaseList): void {
  list.topic("payloads", () => {
    for (const [title, text] of TEXTS) {
      list.it(`keep ${title}`, async (rig) => {
        await rig.write(put("a", { data: text }));
        assert.ok(textOf((await rig.get("a"))?.data) === text);
        const [entry] = await rig.scan(EVERYTHING);
        assert.ok(textOf(entry?.data) === text);
      });
    }

    for (const [title, bytes] of BYTES) {
      list.it(`keep ${title}`, async (rig) => {
        await rig.write(put("a", { data: bytes, codec: 9 }));
        const entry = await rig.get("a");
        assert.equal(entry?.codec, 9);
        assert.ok(sameBytes(entry.data, bytes));
        const [scanned] = await rig.scan(EVERYTHING);
        assert.ok(sameBytes(scanned?.data, bytes));
      });
    }

    list.it("keep a view into a larger buffer as what it shows", async (rig) => {
      const buffer = Buffer.from("before-inside-after");
      await rig.write(put("a", { data: buffer.subarray(7, 13) }));
      assert.ok(sameBytes((await rig.get("a"))?.data, Buffer.from("inside")));
    });

    for (const codec of [0, 1, 2, 127, 128, 255]) {
      list.it(`keep the codec byte ${codec}`, async (rig) => {
        await rig.write(put("a", { codec }));
        assert.equal((await rig.get("a"))?.codec, codec);
      });
    }

    list.it("handed out stay the same whatever is written later", async (rig) => {
      await rig.write(put("a", { data: "old" }), put("b", { data: Buffer.from("old") }));
      const before = await rig.scan(EVERYTHING);
      await rig.write(put("a", { data: "new" }), put("b", { data: Buffer.from("new") }));
      assert.deepEqual(
        before.map(({ data }) => textOf(data)),
        ["old", "old"],
      );
    });

    list.it("of many sizes in one batch keep apart", async (rig) => {
      const sizes = [0, 1, 7, 255, 256, 4095, 4096, 65_535, 65_536, 200_000];
      await rig.commit({
        writes: sizes.map((size) => put(`size:${size}`, { data: new Uint8Array(size).fill(size % 251) })),
      });
      for (const size of sizes) {
        const entry = await rig.get(`size:${size}`);
        assert.ok(sameBytes(entry?.data, new Uint8Array(size).fill(size % 251)));
      }
    });

    limitCases(list);
    if (list.capabilities.persistent) persistenceCases(list);
  });
}

function limitCases(list: CaseList): void {
  const refused = async (rig: Rig, data: string | Uint8Array) => {
    await rig.write(put("a", { data: "kept" }));
    faulted(await rig.tryCommit({ writes: [put("a", { data }), put("b")] }), "too-large");
    assert.equal(textOf((await rig.get("a"))?.data), "kept");
    assert.equal(await rig.get("b"), undefined);
  };

  list.it("over the limit of a value are refused and change nothing", async (rig) => {
    await refused(rig, new Uint8Array(rig.backend.info.limits.maxValueBytes + 1));
  });

  list.it("of text are measured in bytes", async (rig) => {
    await refused(rig, "€".repeat(Math.floor(rig.backend.info.limits.maxValueBytes / 3) + 1));
  });

  list.it("over the limit of a batch in number are refused and change nothing", async (rig) => {
    const writes = Array.from({ length: rig.backend.info.limits.maxBatchEntries + 1 }, (_, i) =>
      put(`key:${i}`),
    );
    faulted(await rig.tryCommit({ writes }), "too-large");
    assert.equal(await rig.count(), 0);
  });

  list.it("over the limit leave the other batches of a call alone", async (rig) => {
    const data = new Uint8Array(rig.backend.info.limits.maxValueBytes + 1);
    const results = await rig.backend.commit([
      rig.batch({ writes: [put("a")] }),
      rig.batch({ writes: [put("b", { data })] }),
    ]);
    assert.equal(results[0]?.status, "committed");
    faulted(results[1], "too-large");
    assert.deepEqual(await rig.keys(), [headKey("a")]);
  });
}

function persistenceCases(list: CaseList): void {
  list.it("are the same after reopening", async (rig) => {
    const texts = TEXTS.map(([, text], i) => put(`text:${i}`, { data: text }));
    const bytes = BYTES.map(([, data], i) => put(`bytes:${i}`, { data, codec: 9 }));
    await rig.commit({ writes: [...texts, ...bytes] });
    await list.reopen(rig);
    const once = new Map<string, StoredEntry>();
    for (const entry of await rig.scan(EVERYTHING, { once: true })) once.set(entry.key, entry);
    for (const { key, data } of [...texts, ...bytes]) {
      for (const entry of [once.get(key), await rig.get(userKey(key))]) {
        assert.ok(
          typeof data === "string" ? textOf(entry?.data) === data : sameBytes(entry?.data, data),
          key,
        );
      }
    }
  });
}

function sameBytes(actual: string | Uint8Array | undefined, expected: Uint8Array): boolean {
  return actual instanceof Uint8Array && isDeepStrictEqual(Buffer.from(actual), Buffer.from(expected));
}
