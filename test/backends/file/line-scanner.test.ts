import { expect } from "chai";
import fc from "fast-check";
import { LineScanner } from "../../../src/backends/file/line-scanner.js";
import { encodeLine } from "../../../src/backends/file/snapshot-line.js";
import { localEntry, type EntryParts } from "../../../src/backends/local/local-entry.js";

interface Line {
  readonly namespace: string;
  readonly parts: EntryParts;
}

const text = (maxLength: number) => fc.string({ unit: "binary", maxLength });
const plainKey = fc.stringMatching(/^[a-z:0-9]{1,12}$/);
/** Escapes, wide letters and the kinds of stored keys, which begin with U+0000. */
const oddKey = fc.constantFrom(
  "\0iabc\0",
  '"',
  "\\",
  "a\tb",
  "é",
  "\u{1f600}",
  "\x7f",
  "k\n",
  "__proto__",
  '",',
);
const versions = fc.oneof(
  fc.nat(99_999).map((counter) => `AbC-${counter}`),
  fc.constantFrom("v", "v0", "v01", "007", "AbC-", "v1234567890", 'q"1', "é5", "5"),
  text(6),
);
const values = fc.oneof(
  fc.json(),
  text(20),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)),
);

const line: fc.Arbitrary<Line> = fc.record({
  namespace: fc.constantFrom("users", "", 'a"b', "é"),
  parts: fc.record({
    key: fc.oneof({ weight: 3, arbitrary: plainKey }, oddKey, text(5)),
    version: versions,
    type: fc.constantFrom(1, 2, 3, 4, 5),
    codec: fc.integer({ min: 1, max: 255 }),
    data: values,
    expiresAt: fc.option(fc.integer({ min: 1, max: 2e12 }), { nil: undefined, freq: 5 }),
    incarnation: fc.option(fc.constant("abcdefghijklmnopqrstuv"), { nil: undefined, freq: 5 }),
  }),
});

/** The document that holds these lines, and where they begin. */
function documentOf(lines: readonly Line[]): Buffer {
  const encoded = lines.map(({ namespace, parts }) =>
    encodeLine(namespace, JSON.stringify(namespace), localEntry(parts)),
  );
  return Buffer.from(`${encoded.join(",\n")}\n`);
}

function withoutData({ data: _data, ...rest }: EntryParts): Omit<EntryParts, "data"> {
  return rest;
}

describe("LineScanner", () => {
  it("reads back what was written, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        const bytes = documentOf(lines);
        const scanner = new LineScanner({ bytes, file: "storage.json" });
        let start = 0;
        for (const { namespace, parts } of lines) {
          const scanned = scanner.read(start);
          const { key, version, type, codec, expiresAt, incarnation, data } = scanned.entry;
          expect(scanned.namespace).to.equal(namespace);
          expect({ key, version, type, codec, expiresAt, incarnation }).to.deep.equal(withoutData(parts));
          expect(typeof data === "string" ? data : Uint8Array.from(data)).to.deep.equal(parts.data);
          start = scanned.next;
        }
        expect(start).to.equal(bytes.length);
      }),
    );
  });
});
