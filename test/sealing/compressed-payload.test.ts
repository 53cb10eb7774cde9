import { expect } from "chai";
import { deflateRawSync, gzipSync } from "node:zlib";
import { StorageFault } from "../../src/core/errors.js";
import {
  COMPRESSED,
  compressLargePayload,
  compressPayload,
  decompressPayload,
} from "../../src/sealing/compressed-payload.js";

const TEXT = "holdfast ".repeat(1000);
const MAX = 64 * 1024 * 1024;

/** As it is stored: codec and length in front of gzip. */
function packed(length: number, ...members: readonly Uint8Array[]): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, ...members]);
}

function reasonOf(data: Uint8Array, maxBytes = MAX): string {
  try {
    decompressPayload(data, maxBytes);
    return "opened";
  } catch (error) {
    expect(error).to.be.instanceOf(StorageFault);
    return (error as StorageFault).reason;
  }
}

describe("compressed payloads", () => {
  const member = gzipSync(TEXT);

  it("come back as they were, compressed here or on another thread", async () => {
    for (const data of [TEXT, Buffer.from(TEXT)]) {
      for (const small of [
        compressPayload({ codec: 9, data }),
        await compressLargePayload({ codec: 9, data }),
      ]) {
        expect(small.codec).to.equal(COMPRESSED);
        expect(small.data.length).to.be.lessThan(200);
        const opened = decompressPayload(small.data as Uint8Array, MAX);
        expect(opened.codec).to.equal(9);
        expect(Buffer.from(opened.data).toString()).to.equal(TEXT);
      }
    }
  });

  it("are read as the first version wrote them", () => {
    const hex = "01000000641f8b08000000000000034b4ca43d0000647a70af64000000";
    expect(Buffer.from(decompressPayload(Buffer.from(hex, "hex"), MAX).data).toString()).to.equal(
      "a".repeat(100),
    );
  });

  it("are left as they were where that is shorter", () => {
    const payload = { codec: 1, data: "short" };
    expect(compressPayload(payload)).to.equal(payload);
  });

  it("open when they are what they say", () => {
    expect(reasonOf(packed(TEXT.length, member))).to.equal("opened");
  });

  const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
  const refused: readonly (readonly [string, Uint8Array, number?])[] = [
    ["nothing", new Uint8Array(0)],
    ["a head alone", packed(1)],
    ["a length over the limit", packed(TEXT.length, member), TEXT.length - 1],
    ["a bomb that says it is small", packed(100, bomb)],
    ["more than it says", packed(TEXT.length - 1, member)],
    ["less than it says", packed(TEXT.length + 1, member)],
    ["nothing in it", packed(0, gzipSync("")).fill(1, 1, 5)],
    ["junk behind it", packed(TEXT.length, member, Buffer.from("junk"))],
    [
      "junk before a tail that is right",
      packed(TEXT.length, member.subarray(0, -8), Buffer.alloc(9), member.subarray(-8)),
    ],
    ["zeros behind it", packed(TEXT.length, member, Buffer.alloc(8))],
    ["a second member behind it", packed(TEXT.length, member, gzipSync(""))],
    ["two members that are as long together", packed(TEXT.length * 2, member, member)],
    ["a member cut short", packed(TEXT.length, member.subarray(0, -1))],
    ["no gzip", packed(TEXT.length, deflateRawSync(TEXT))],
  ];
  for (const [name, data, maxBytes] of refused) {
    it(`refuse ${name}`, () => {
      expect(reasonOf(data, maxBytes)).to.equal("decode");
    });
  }

  it("take no more memory than they say to refuse a bomb", () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(reasonOf(packed(100, bomb))).to.equal("decode");
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(4 * 1024 * 1024);
  });

  it("refuse any flipped bit of content or checksum", () => {
    const whole = packed(TEXT.length, member);
    for (let at = 5 + 10; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] as number) ^ 1;
      expect(reasonOf(flipped), `byte ${at}`).to.equal("decode");
    }
  });
});
