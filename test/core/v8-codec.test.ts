import { expect } from "chai";
import fc from "fast-check";
import { Serializer, serialize } from "node:v8";
import { isDeepStrictEqual } from "node:util";
import { codec } from "../../src/core/codec.js";
import { defaultCodecs } from "../../src/core/codec-registry.js";
import { StorageFault } from "../../src/core/errors.js";
import { normalizeValue } from "../../src/core/normalize.js";
import { storableValues } from "./stored-values.js";

const v8 = codec("v8");
const json = codec("json");

function faultOf(call: () => unknown): string {
  try {
    call();
    return "nothing";
  } catch (error) {
    expect(error).to.be.instanceOf(StorageFault);
    return (error as StorageFault).reason;
  }
}

/** What node writes of a value that no codec of ours takes. */
function foreign(value: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

describe('codec("v8")', () => {
  it("gives back every storable value as the codec json does", () => {
    fc.assert(
      fc.property(storableValues, (value) => {
        const expected = normalizeValue(value);
        const fromBytes = v8.decode(v8.encode(value));
        const fromText = v8.decodeFromText(v8.encodeToText(value));
        return (
          isDeepStrictEqual(fromBytes, expected) &&
          isDeepStrictEqual(fromText, expected) &&
          isDeepStrictEqual(json.decode(json.encode(value)), expected)
        );
      }),
    );
  });

  it("reads what was written once, for ever", () => {
    const hex =
      "ff0f6f22016161024900490249022201e44002022201624202010256420002002201634400000000000000007b03";
    expect(v8.decode(Buffer.from(hex, "hex"))).to.deep.equal({
      a: [1, "ä"],
      b: new Uint8Array([1, 2]),
      c: new Date(0),
    });
  });

  it("gives bytes that share no memory with the data", () => {
    const data = v8.encodeToBytes({ a: Buffer.from("abc") });
    const { a } = v8.decode(data) as { a: Uint8Array };
    data.fill(0);
    expect(a).to.deep.equal(new Uint8Array([97, 98, 99]));
    expect(a.buffer.byteLength).to.equal(3);
    expect(Buffer.isBuffer(a)).to.equal(false);
  });

  it("is decode, when the data is cut, longer, or nothing", () => {
    const data = v8.encodeToBytes({ a: [1, "two"] });
    for (let end = 0; end < data.length; end++)
      expect(
        faultOf(() => v8.decode(data.subarray(0, end))),
        `${end}`,
      ).to.equal("decode");
    expect(faultOf(() => v8.decode(Buffer.concat([data, data])))).to.equal("decode");
    expect(faultOf(() => v8.decode("no base64"))).to.equal("decode");
  });

  it("is decode, when the data holds what no codec stores", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const values = [cycle, /a/, new Float64Array(2), undefined, new ArrayBuffer(3)];
    for (const value of values) expect(faultOf(() => v8.decode(foreign(value)))).to.equal("decode");
    expect(faultOf(() => v8.decode(serialize(new Uint8Array(3))))).to.equal("decode");
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const data = Buffer.concat([Buffer.from([0xff, 0x0f]), tail]);
        expect(faultOf(() => v8.decode(data))).to.be.oneOf(["nothing", "decode"]);
      }),
    );
  });

  it("has no options, and there is no third codec", () => {
    expect(() => (codec as (name: string, options: object) => unknown)("v8", {})).to.throw(
      TypeError,
      "no options",
    );
    expect(() => codec("yaml" as "json")).to.throw(TypeError, '"yaml"');
    expect(defaultCodecs().names).to.deep.equal(["json", "v8"]);
    expect(() => defaultCodecs().table("yaml")).to.throw(TypeError, "json, v8");
  });
});
