import { expect } from "chai";
import type { Payload } from "../../src/core/entry.js";
import { StorageFault } from "../../src/core/errors.js";
import { decryptPayload, encryptPayload, isEncryptedWith } from "../../src/sealing/encrypted-payload.js";
import { placeText, type EntryPlace } from "../../src/sealing/entry-place.js";
import { KeyRing, SealingKey } from "../../src/sealing/key-ring.js";

const key = (id: string, byte: number) => new SealingKey(id, Buffer.alloc(32, byte));
const RING = new KeyRing([key("a", 1), key("b", 2)], "a");
const [A, B] = [RING.find("a"), RING.find("b")] as [SealingKey, SealingKey];
const PLACE: EntryPlace = { namespace: "n", key: "k", version: "v", type: 1, incarnation: "i" };
const PLAIN: Payload = { codec: 1, data: '{"secret":"canary"}' };
/** Format, codec, length of the id, the id, fingerprint. */
const HEAD_BYTES = 3 + 1 + 8;

/** A value encrypted by the first version of this format; must be read for ever. */
const GOLDEN =
  "01010161194e5508732c1179dbc1282f4121b9fe55c82a25fe616ccd6c21cafffaa4f05e541625c508ffe8dcb41b738a5fd15a586ac03dc2cc51af";

function bytesOf({ data }: Payload): Buffer {
  return Buffer.from(data as Uint8Array);
}

function reasonOf(data: Uint8Array, place: EntryPlace = PLACE, ring = RING): string {
  try {
    decryptPayload(ring, placeText(place), data);
    return "opened";
  } catch (error) {
    expect(error).to.be.instanceOf(StorageFault);
    const { reason, message, cause } = error as StorageFault;
    expect(`${message}${String(cause)}`).to.not.include("canary");
    return reason;
  }
}

describe("encrypted payloads", () => {
  const sealed = () => bytesOf(encryptPayload(A, placeText(PLACE), PLAIN));

  it("come back as they were, text as its bytes", () => {
    for (const data of ["", "text ä€😀", new Uint8Array(0), new Uint8Array([0, 255])]) {
      const opened = decryptPayload(RING, "p", bytesOf(encryptPayload(A, "p", { codec: 77, data })));
      expect(opened.codec).to.equal(77);
      expect(bytesOf(opened)).to.deep.equal(Buffer.from(data));
    }
  });

  it("are read as the first version wrote them", () => {
    expect(bytesOf(decryptPayload(RING, placeText(PLACE), Buffer.from(GOLDEN, "hex"))).toString()).to.equal(
      PLAIN.data,
    );
  });

  it("show nothing of the value, and are never the same twice", () => {
    const many = Array.from({ length: 100 }, () => sealed().toString("latin1"));
    expect(new Set(many)).to.have.property("size", 100);
    expect(many.join("")).to.not.include("canary");
  });

  it("are damaged by any flipped bit: head, nonce, cipher text or tag", () => {
    const whole = sealed();
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(reasonOf(flipped), `bit ${bit}`).to.be.oneOf([
        "checksum",
        "wrong-key",
        "newer-format",
        "truncated",
      ]);
      if (bit >= HEAD_BYTES * 8) expect(reasonOf(flipped), `bit ${bit}`).to.equal("checksum");
    }
  });

  it("are damaged when cut anywhere, or longer", () => {
    const whole = sealed();
    for (let end = 0; end < whole.length; end++)
      expect(reasonOf(whole.subarray(0, end)), `${end} bytes`).to.be.oneOf(["checksum", "truncated"]);
    expect(reasonOf(Buffer.concat([whole, Buffer.alloc(1)]))).to.equal("checksum");
  });

  it("do not open with a tag of four bytes", () => {
    const whole = sealed();
    const short = Buffer.concat([whole.subarray(0, -16), whole.subarray(-16, -12)]);
    expect(reasonOf(short)).to.be.oneOf(["checksum", "truncated"]);
  });

  const elsewhere: readonly Partial<EntryPlace>[] = [
    { namespace: "m" },
    { key: "l" },
    { version: "u" },
    { type: 2 },
    { incarnation: "j" },
    { namespace: "nk", key: "" },
    { key: "kv", version: "" },
  ];
  for (const other of elsewhere) {
    it(`do not open at another place: ${JSON.stringify(other)}`, () => {
      expect(reasonOf(sealed(), { ...PLACE, ...other })).to.equal("checksum");
    });
  }

  it("do not open under another key's id", () => {
    const swapped = sealed();
    swapped.write("b", 3);
    expect(reasonOf(swapped)).to.equal("wrong-key");
    // With its fingerprint too.
    swapped.set(B.fingerprint, 4);
    expect(reasonOf(swapped)).to.equal("checksum");
  });

  it("do not open as another codec's", () => {
    const swapped = sealed();
    swapped[1] = 2;
    expect(reasonOf(swapped)).to.equal("checksum");
  });

  it("say that their key is missing, or another one has its name", () => {
    expect(reasonOf(sealed(), PLACE, new KeyRing([key("b", 1)], "b"))).to.equal("wrong-key");
    expect(reasonOf(sealed(), PLACE, new KeyRing([key("a", 9)], "a"))).to.equal("wrong-key");
  });

  it("tell with which key they are encrypted", () => {
    const payload = encryptPayload(A, "p", PLAIN);
    expect(isEncryptedWith(A, payload)).to.equal(true);
    expect(isEncryptedWith(B, payload)).to.equal(false);
    expect(isEncryptedWith(key("a", 9), payload)).to.equal(false);
    expect(isEncryptedWith(A, PLAIN)).to.equal(false);
  });
});

describe("KeyRing", () => {
  it("refuses two keys of one id, an active one that is missing, and keys of another length", () => {
    expect(() => new KeyRing([key("a", 1), key("a", 2)], "a")).to.throw(RangeError, "two keys");
    expect(() => new KeyRing([key("a", 1)], "b")).to.throw(RangeError, "no key");
    expect(() => new SealingKey("a", Buffer.alloc(16))).to.throw(RangeError, "32 bytes");
  });
});
