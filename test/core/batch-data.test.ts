import { expect } from "chai";
import { encodeEach } from "../../src/core/batch-data.js";
import { StorageFault } from "../../src/core/errors.js";
import { ValueEncoder } from "../../src/core/value-encoder.js";

const entries = [
  ["small", "a"],
  ["large", "b".repeat(10)],
] as const;

const text = { encode: (value: unknown) => ({ codec: 1, data: value as string }) };

describe("encodeEach", () => {
  it("encodes in the order of the batch, all in the step of the call", async () => {
    const asked: unknown[] = [];
    const encoded = encodeEach(entries, (value) => {
      asked.push(value);
      return text.encode(value);
    });
    expect(asked).to.deep.equal(entries.map(([, value]) => value));
    expect((await encoded).map(({ data }) => data)).to.deep.equal(asked);
  });

  it("names the key of a value that is too large, and keeps the rest of what was said", async () => {
    const encoder = new ValueEncoder(text, 5);
    const error = await encodeEach(entries, (value) => encoder.encode(value)).catch(
      (fault: unknown) => fault,
    );
    expect(error).to.be.instanceOf(StorageFault).and.include({ reason: "too-large", key: "large" });
    expect((error as Error).message).to.include("takes 10 bytes, more than the 5");
  });

  it("leaves anything that is no fault as it is", async () => {
    const mistake = new TypeError("a mistake");
    const error = await encodeEach(entries, () => Promise.reject(mistake)).catch((thrown: unknown) => thrown);
    expect(error).to.equal(mistake);
  });
});
