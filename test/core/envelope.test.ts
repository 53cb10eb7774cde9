import { expect } from "chai";
import fc from "fast-check";
import type { Payload } from "../../src/core/entry.js";
import { openEnvelope, payloadChecksum, sealEnvelope } from "../../src/core/envelope.js";
import { StorageFault } from "../../src/core/errors.js";

const payload: Payload = { codec: 1, data: '{"a":"é"}' };
const sealed = (): Uint8Array => sealEnvelope("ns", "kkey", "version1", payload);

function faultOf(open: () => unknown): StorageFault {
  try {
    open();
  } catch (error) {
    expect(error).to.be.instanceOf(StorageFault);
    return error as StorageFault;
  }
  throw new Error("the envelope was accepted");
}

const payloads: fc.Arbitrary<Payload> = fc.record({
  codec: fc.integer({ min: 1, max: 255 }),
  data: fc.oneof(
    fc.string({ unit: "binary" }),
    fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
  ),
});
const texts = fc.string({ unit: "binary", maxLength: 8 });

describe("envelope", () => {
  it("has this form, byte for byte", () => {
    expect(Buffer.from(sealed()).toString("hex")).to.equal("0101171e8c197b2261223a22c3a9227d");
    expect(payloadChecksum("ns", "kkey", "version1", payload)).to.equal(0x171e8c19);
  });

  it("gives back codec and data; text as its bytes of UTF-8", () => {
    fc.assert(
      fc.property(texts, texts, texts, payloads, (namespace, key, version, { codec, data }) => {
        const opened = openEnvelope(
          namespace,
          key,
          version,
          sealEnvelope(namespace, key, version, { codec, data }),
        );
        expect(opened.codec).to.equal(codec);
        expect(Buffer.from(opened.data).equals(Buffer.from(data))).to.equal(true);
      }),
    );
  });

  it("has one checksum for text and for its bytes", () => {
    fc.assert(
      fc.property(texts, texts, texts, fc.string({ unit: "binary" }), (namespace, key, version, text) => {
        const ofText = payloadChecksum(namespace, key, version, { codec: 1, data: text });
        const ofBytes = payloadChecksum(namespace, key, version, { codec: 1, data: Buffer.from(text) });
        expect(ofText).to.equal(ofBytes);
      }),
    );
  });

  it("seals no bytes as it does others, wherever they would stand", () => {
    for (const data of [new Uint8Array(new ArrayBuffer(0)), Buffer.alloc(0), Buffer.from("x").subarray(1)]) {
      const bytes = sealEnvelope("ns", "k", "v", { codec: 2, data });
      expect(openEnvelope("ns", "k", "v", bytes).data).to.have.length(0);
      expect(payloadChecksum("ns", "k", "v", { codec: 2, data: "" })).to.equal(
        payloadChecksum("ns", "k", "v", { codec: 2, data }),
      );
    }
  });

  it("belongs to its namespace, key and version, however their texts are split", () => {
    const parts = fc.array(fc.constantFrom("a", "1", ":", "\0"), { minLength: 0, maxLength: 6 });
    const splits = fc.record({ parts, first: fc.nat(6), second: fc.nat(6) });
    fc.assert(
      fc.property(splits, fc.nat(6), fc.nat(6), ({ parts: all, first, second }, otherFirst, otherSecond) => {
        const a = splitAt(all, first, second);
        const b = splitAt(all, otherFirst, otherSecond);
        fc.pre(a.join("|") !== b.join("|"));
        const bytes = sealEnvelope(...a, payload);
        expect(faultOf(() => openEnvelope(...b, bytes)).reason).to.equal("checksum");
      }),
    );
  });

  it("notices every flipped bit", () => {
    const bytes = sealed();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      const { reason } = faultOf(() => openEnvelope("ns", "kkey", "version1", damaged));
      expect(reason, `bit ${bit}`).to.equal(
        bit < 8 && (damaged[0] as number) > 1 ? "newer-format" : "checksum",
      );
    }
  });

  it("notices every truncation", () => {
    const bytes = sealed();
    for (let length = 0; length < bytes.length; length++) {
      const { reason } = faultOf(() => openEnvelope("ns", "kkey", "version1", bytes.subarray(0, length)));
      expect(reason).to.equal(length < 6 ? "truncated" : "checksum");
    }
  });

  it("refuses a newer format by its number", () => {
    const bytes = Uint8Array.from(sealed());
    bytes[0] = 9;
    const fault = faultOf(() => openEnvelope("ns", "kkey", "version1", bytes));
    expect(fault.message).to.include("format 9");
  });

  it("reads from a view into a larger buffer, and copies nothing", () => {
    const bytes = sealed();
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 13);
    const { data } = openEnvelope("ns", "kkey", "version1", larger.subarray(13, 13 + bytes.length));
    expect((data as Uint8Array).buffer).to.equal(larger.buffer);
    expect(Buffer.from(data).toString()).to.equal(payload.data);
  });
});

function splitAt(parts: readonly string[], first: number, second: number): [string, string, string] {
  const [start, end] = first < second ? [first, second] : [second, first];
  return [parts.slice(0, start).join(""), parts.slice(start, end).join(""), parts.slice(end).join("")];
}
