import { expect } from "chai";
import { DELETED, WriteBuffer } from "../../src/transaction/write-buffer.js";

const PAYLOAD = { codec: 1, data: "1" };

describe("WriteBuffer", () => {
  it("keeps the last write of each key", () => {
    const buffer = new WriteBuffer();
    buffer.put("a", PAYLOAD, { in: 5 });
    buffer.put("a", { codec: 1, data: "2" }, undefined);
    buffer.delete("b");
    buffer.put("c", PAYLOAD, undefined);
    buffer.delete("c");
    expect(buffer.size).to.equal(3);
    expect(buffer.get("a")).to.include({ kind: "put", data: "2", expiry: undefined });
    expect(buffer.get("b")).to.equal(DELETED);
    expect(buffer.writes().map((write) => write.kind)).to.deep.equal(["put", "delete", "delete"]);
  });

  it("lists the keys of a range in their order, also after later writes", () => {
    const buffer = new WriteBuffer();
    for (const key of ["c", "a", "\u{10000}", "\uffff", "b"]) buffer.put(key, PAYLOAD, undefined);
    expect(buffer.keysIn({ start: "" }, false)).to.deep.equal(["a", "b", "c", "\uffff", "\u{10000}"]);
    buffer.delete("aa");
    expect(buffer.keysIn({ start: "a", end: "c" }, true)).to.deep.equal(["b", "aa", "a"]);
    expect(buffer.keysIn({ start: "a", end: "c" }, false)).to.deep.equal(["a", "aa", "b"]);
  });

  it("is empty once cleared", () => {
    const buffer = new WriteBuffer();
    buffer.put("a", PAYLOAD, undefined);
    buffer.keysIn({ start: "" }, false);
    buffer.clear();
    expect(buffer.size).to.equal(0);
    expect(buffer.keysIn({ start: "" }, false)).to.deep.equal([]);
    expect(buffer.get("a")).to.equal(undefined);
  });
});
