import { expect } from "chai";
import { itemKey } from "../../src/core/incarnation.js";
import { LatePut } from "../../src/transaction/late-put.js";
import { DELETED, WriteBuffer } from "../../src/transaction/write-buffer.js";

const PAYLOAD = { codec: 1, data: "1" };

const LIST = { type: 2, incarnation: "i".repeat(22) } as const;

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

  it("encodes the last of the heads that were put late, once, into a write that can be copied", () => {
    const buffer = new WriteBuffer();
    const encoded: unknown[] = [];
    const encode = (content: unknown) => {
      encoded.push(content);
      return { codec: 1, data: JSON.stringify(content) };
    };
    for (const end of [1, 2, 3]) buffer.putLate(new LatePut("a", [0, end], encode, { at: 5 }, LIST));
    const [write] = buffer.writes();
    expect({ ...write }).to.deep.equal({
      kind: "put",
      key: "a",
      codec: 1,
      data: "[0,3]",
      expiry: { at: 5 },
      ...LIST,
    });
    expect(encoded).to.deep.equal([[0, 3]]);
  });

  it("ends what was written of the items of another structure under the key of a head that is put late", () => {
    const buffer = new WriteBuffer();
    const item = itemKey(LIST.incarnation, "0");
    const encode = () => PAYLOAD;
    buffer.putLate(new LatePut("a", [0, 1], encode, undefined, LIST));
    buffer.put(item, PAYLOAD, undefined);
    buffer.putLate(new LatePut("a", [0, 1], encode, undefined, LIST));
    expect(buffer.get(item)).to.include({ kind: "put" });
    buffer.putLate(new LatePut("a", [0, 1], encode, undefined, { ...LIST, incarnation: "j".repeat(22) }));
    expect(buffer.get(item)).to.equal(undefined);
  });

  const PART = { type: 5 } as const;
  const item = (place: string) => itemKey(LIST.incarnation, place);
  const range = (start: string, end: string) => ({ start: item(start), end: item(end) });

  it("removes ranges of items before it writes, what was written of them included", () => {
    const buffer = new WriteBuffer();
    buffer.put("list", PAYLOAD, undefined, LIST);
    for (const place of ["a", "b", "c"]) buffer.put(item(place), PAYLOAD, undefined, PART);
    buffer.deleteRange(range("a", "c"));
    buffer.put(item("a"), PAYLOAD, undefined, PART);
    expect(buffer.get(item("a"))).to.include({ kind: "put" });
    expect(buffer.get(item("b"))).to.equal(DELETED);
    expect(buffer.get(item("bb"))).to.equal(DELETED);
    expect(buffer.get(item("c"))).to.include({ kind: "put" });
    expect(buffer.writes().map((write) => write.kind)).to.deep.equal(["delete-range", "put", "put", "put"]);
    expect(buffer.size).to.equal(4);
  });

  it("drops a range that another one covers, and no other", () => {
    const buffer = new WriteBuffer();
    buffer.deleteRange(range("b", "c"));
    buffer.deleteRange(range("d", "f"));
    buffer.deleteRange(range("a", "e"));
    const ranges = buffer.writes().map((write) => write.kind === "delete-range" && write.range);
    expect(ranges).to.deep.equal([range("d", "f"), range("a", "e")]);
  });

  it("forgets the items of a structure that ends, however it does", () => {
    for (const end of [
      (buffer: WriteBuffer) => buffer.delete("list"),
      (buffer: WriteBuffer) => buffer.put("list", PAYLOAD, undefined),
      (buffer: WriteBuffer) =>
        buffer.put("list", PAYLOAD, undefined, { ...LIST, incarnation: "j".repeat(22) }),
    ]) {
      const buffer = new WriteBuffer();
      buffer.put("list", PAYLOAD, undefined, LIST);
      buffer.put(item("a"), PAYLOAD, undefined, PART);
      buffer.deleteRange(range("b", "c"));
      buffer.put("list", PAYLOAD, { in: 5 }, LIST);
      expect(buffer.size).to.equal(3);
      end(buffer);
      expect(buffer.writes().map((write) => "key" in write && write.key)).to.deep.equal(["list"]);
    }
  });

  it("takes back all that a call wrote when it throws", () => {
    const buffer = new WriteBuffer();
    buffer.put("list", PAYLOAD, undefined, LIST);
    buffer.put(item("a"), PAYLOAD, undefined, PART);
    const before = buffer.writes();
    const failing = () =>
      buffer.allOrNothing(() => {
        buffer.put("new", PAYLOAD, undefined);
        buffer.deleteRange(range("a", "c"));
        buffer.delete("list");
        throw new Error("no");
      });
    expect(failing).to.throw("no");
    expect(buffer.writes()).to.have.deep.members(before);
    expect(buffer.allOrNothing(() => buffer.delete("b"))).to.equal(undefined);
    expect(buffer.get("b")).to.equal(DELETED);
  });
});
