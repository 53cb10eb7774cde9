import { expect } from "chai";
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { codec, CodecTable, type Codec } from "../../src/core/codec.js";
import { StorageFault } from "../../src/core/errors.js";
import { normalizeValue } from "../../src/core/normalize.js";
import { setField } from "../../src/core/set-field.js";
import { toTagged } from "../../src/core/tagged-json.js";
import { storableValues } from "./stored-values.js";

const json = codec("json");
const table = new CodecTable(json);

// The stored format, byte for byte. A line may be added; a line that changes makes stored data unreadable.
const GOLDEN: readonly [text: string, value: unknown][] = [
  ["null", null],
  ["true", true],
  ["-1.5e-7", -1.5e-7],
  ['"text \u2028 \\u0000 \\ud800 ✓"', "text \u2028 \0 \ud800 ✓"],
  ['{"b":1,"a":[]}', { b: 1, a: [] }],
  ['{"$date":"2026-01-31T12:34:56.789Z"}', new Date("2026-01-31T12:34:56.789Z")],
  ['{"$date":"+275760-09-13T00:00:00.000Z"}', new Date(8.64e15)],
  ['{"$date":"-000001-01-01T00:00:00.000Z"}', new Date("-000001-01-01T00:00:00.000Z")],
  ['{"$date":null}', new Date(Number.NaN)],
  ['{"$bytes":""}', new Uint8Array()],
  ['{"$bytes":"AP+A"}', new Uint8Array([0, 255, 128])],
  ['{"$bytes":"/w=="}', new Uint8Array([255])],
  ['{"$map":[]}', new Map()],
  [
    '{"$map":[["k",1],[{"a":1},{"$map":[[null,{"$undefined":true}]]}]]}',
    new Map<unknown, unknown>([
      ["k", 1],
      [{ a: 1 }, new Map([[null, undefined]])],
    ]),
  ],
  ['{"$set":[1,"1",{"$set":[]}]}', new Set([1, "1", new Set()])],
  ['{"$bigint":"-123456789012345678901234567890"}', -123456789012345678901234567890n],
  ['{"$number":"NaN"}', Number.NaN],
  ['{"$number":"Infinity"}', Infinity],
  ['{"$number":"-Infinity"}', -Infinity],
  ['{"$number":"-0"}', -0],
  ['{"a":{"$undefined":true},"b":[{"$undefined":true}]}', { a: undefined, b: [undefined] }],
  ['{"$$date":"2026"}', { $date: "2026" }],
  ['{"$$$date":1}', { $$date: 1 }],
  ['{"$$":{"$$$":{"$$own":{"$set":[]}}}}', { $: { $$: { $own: new Set() } } }],
  ['{"$date":1,"other":2}', { $date: 1, other: 2 }],
  ['{"$$$undefined":true}', { $$undefined: true }],
  ['{"__proto__":{"$set":[]}}', setFieldOf("__proto__", new Set())],
  ['"$"', "$"],
];

function setFieldOf(name: string, value: unknown): object {
  const object: Record<string, unknown> = {};
  setField(object, name, value);
  return object;
}

/** node's comparison takes two invalid Dates for different. */
function sameValue(a: unknown, b: unknown): boolean {
  return a instanceof Date && b instanceof Date
    ? Object.is(a.getTime(), b.getTime())
    : isDeepStrictEqual(a, b);
}

function decodeFault(decode: () => unknown): StorageFault {
  try {
    decode();
  } catch (error) {
    expect(error).to.be.instanceOf(StorageFault);
    expect((error as StorageFault).reason).to.equal("decode");
    return error as StorageFault;
  }
  throw new Error("the data was accepted");
}

describe('codec("json")', () => {
  describe("writes and reads the stored format", () => {
    for (const [text, value] of GOLDEN) {
      it(text, () => {
        expect(json.encodeToText(value)).to.equal(text);
        expect(json.encode(value)).to.equal(text);
        expect(sameValue(json.decodeFromText(text), value)).to.equal(true);
        expect(sameValue(json.decodeFromBytes(Buffer.from(text)), value)).to.equal(true);
      });
    }
  });

  it("brings every value back exactly, from text and from bytes, indented or not", () => {
    const indented = codec("json", { indent: 2 });
    fc.assert(
      fc.property(storableValues, (value) => {
        for (const each of [json, indented]) {
          expect(isDeepStrictEqual(each.decodeFromText(each.encodeToText(value)), value)).to.equal(true);
          expect(isDeepStrictEqual(each.decodeFromBytes(each.encodeToBytes(value)), value)).to.equal(true);
        }
      }),
    );
  });

  it("takes no user's JSON for a tag, however it looks", () => {
    const names = fc.constantFrom("$", "$$", "$date", "$$date", "$map", "$set", "$number", "$bytes", "a");
    const lookalikes = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom("NaN", "-0", "2026-01-31T12:34:56.789Z", "AQID", null, true, 1),
        fc.array(tie("value"), { maxLength: 2 }),
        fc.dictionary(names, tie("value"), { maxKeys: 2 }),
      ),
    })).value;
    fc.assert(
      fc.property(lookalikes, (value) => {
        expect(JSON.stringify(table.decode(table.encode(value)))).to.equal(JSON.stringify(value));
      }),
    );
  });

  it("writes a plain value exactly as JSON does", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        fc.pre(!JSON.stringify(plain).includes("$"));
        expect(json.encode(plain)).to.equal(JSON.stringify(plain));
      }),
    );
  });

  it("encodes what a caller passes in as its stored form", () => {
    const inputs = fc.oneof(
      storableValues,
      fc.object({ withNullPrototype: true, withSparseArray: true, withDate: true }),
    );
    fc.assert(
      fc.property(inputs, (value) => {
        expect(json.encode(value)).to.equal(JSON.stringify(toTagged(normalizeValue(value))));
      }),
    );
  });

  it("writes one line without NUL", () => {
    fc.assert(
      fc.property(storableValues, (value) => {
        expect(table.encode(value).data).not.to.match(/[\n\r\0]/);
      }),
    );
  });

  it("indents what encode gives", () => {
    expect(codec("json", { indent: 1 }).encode({ a: [1] })).to.equal('{\n "a": [\n  1\n ]\n}');
  });

  it("reads a tag however its $ is spelt", () => {
    expect(json.decodeFromText('{"\\u0024set":[1]}')).to.deep.equal(new Set([1]));
  });

  it("gives a fresh value each time", () => {
    const payload = table.encode({ a: [1] });
    const first = table.decode(payload) as { a: number[] };
    first.a.push(2);
    expect(table.decode(payload)).to.deep.equal({ a: [1] });
  });

  it("encodes what cannot be stored to a refusal", () => {
    expect(() => json.encode({ a: () => 1 })).to.throw(StorageFault, "at .a: a function cannot be stored");
  });

  describe("refuses as decode", () => {
    const broken = [
      "",
      "{",
      "undefined",
      "NaN",
      '{"a":1}x',
      "\ufeff1",
      '{"$unknown":1}',
      '{"$":1}',
      '[{"$date":"yesterday"}]',
      '{"$date":"2026-13-01T00:00:00.000Z"}',
      '{"$date":5}',
      '{"$bytes":"A"}',
      '{"$bytes":"!!!!"}',
      '{"$bytes":"AQI"}',
      '{"$bytes":1}',
      '{"$map":{}}',
      '{"$map":[[1]]}',
      '{"$map":[[1,2,3]]}',
      '{"$map":["ab"]}',
      '{"$set":{"length":1}}',
      '{"$bigint":"0x10"}',
      '{"$bigint":""}',
      '{"$bigint":5}',
      '{"$number":"1"}',
      '{"$number":0}',
      '{"$undefined":1}',
    ];
    for (const text of broken) {
      it(JSON.stringify(text), () => {
        decodeFault(() => json.decodeFromText(text));
        decodeFault(() => json.decodeFromBytes(Buffer.from(text)));
      });
    }

    it("bytes that are not UTF-8", () => {
      decodeFault(() => json.decodeFromBytes(new Uint8Array([0x22, 0xff, 0x22])));
      decodeFault(() => json.decodeFromBytes(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])));
    });

    it("tags nested 50 000 deep", () => {
      decodeFault(() => json.decodeFromText(`${'{"$set":['.repeat(50_000)}${"]}".repeat(50_000)}`));
    });

    it("without quoting the data", () => {
      const fault = decodeFault(() => json.decodeFromText('{"password": hunter2'));
      expect(JSON.stringify([fault.message, fault.stack, fault.cause])).not.to.include("hunter2");
    });
  });

  it("refuses other names and indents", () => {
    expect(() => codec("pickle" as "json")).to.throw(TypeError, "pickle");
    for (const indent of [-1, 11, 1.5, Number.NaN, "2" as unknown as number]) {
      expect(() => codec("json", { indent })).to.throw(TypeError, "indent");
    }
    expect(() => codec("json", { indnt: 2 } as object)).to.throw(
      TypeError,
      'unknown codec option "indnt"; known: indent',
    );
  });
});

/** Keeps values as one byte: a codec of bytes, with an id of its own. */
const byteCodec: Codec = {
  name: "byte",
  id: 200,
  encode: (value) => new Uint8Array([value as number]),
  decode: (data) => data[0],
  encodeToBytes: (value) => new Uint8Array([value as number]),
  encodeToText: String,
  decodeFromBytes: (bytes) => bytes[0],
  decodeFromText: Number,
};

describe("CodecTable", () => {
  it("writes with one codec and reads what each of them wrote", () => {
    const mixed = new CodecTable(byteCodec, [json]);
    expect(mixed.encode(7)).to.deep.equal({ codec: 200, data: new Uint8Array([7]) });
    expect(mixed.decode(mixed.encode(7))).to.equal(7);
    expect(mixed.decode(table.encode([1]))).to.deep.equal([1]);
  });

  it("reads text codecs from bytes, as backends of bytes keep them", () => {
    const { codec: id, data } = table.encode({ a: 1 });
    expect(table.decode({ codec: id, data: Buffer.from(data as string) })).to.deep.equal({ a: 1 });
  });

  it("refuses a codec it does not have, and two that share an id", () => {
    expect(decodeFault(() => table.decode({ codec: 200, data: "" })).message).to.include("codec 200");
    expect(() => new CodecTable(json, [{ ...byteCodec, id: 1 }])).to.throw(TypeError, "share the id 1");
  });
});
