import { expect } from "chai";
import type { Batch } from "../../../src/backends/backend.js";
import { batchesByNamespace, commitChunks } from "../../../src/backends/local/commit-chunks.js";
import { background } from "../../../src/core/context.js";

function batch(id: string, data: readonly (string | Uint8Array)[], namespace = ""): Batch {
  const writes = data.map(
    (each) => ({ kind: "put", key: id, type: 1, codec: 1, data: each, expiry: undefined }) as const,
  );
  return { id, ctx: background(), namespace, checks: [], ranges: [], writes };
}

const ids = (chunks: readonly (readonly Batch[])[]) =>
  chunks.map((chunk) => chunk.map(({ id }) => id).join(""));

describe("chunks of a commit", () => {
  const limits = { maxBatchEntries: 3, maxBatchBytes: 12 };

  it("hold as many entries as one batch may have, in order", () => {
    const batches = ["a", "b", "c", "d", "e"].map((id) => batch(id, ["1"]));
    expect(ids(commitChunks(batches, limits))).to.deep.equal(["abc", "de"]);
    expect(ids(commitChunks([batch("a", ["1", "1"]), batch("b", ["1", "1"])], limits))).to.deep.equal([
      "a",
      "b",
    ]);
  });

  it("hold as many bytes, of text the most that it can be", () => {
    const bytes = ["a", "b", "c"].map((id) => batch(id, [new Uint8Array(6)]));
    expect(ids(commitChunks(bytes, limits))).to.deep.equal(["ab", "c"]);
    const texts = ["a", "b", "c"].map((id) => batch(id, ["€€"]));
    expect(ids(commitChunks(texts, limits))).to.deep.equal(["ab", "c"]);
  });

  it("are of one batch where that is too large by itself", () => {
    const batches = [batch("a", ["1"]), batch("b", [new Uint8Array(20)]), batch("c", ["1"])];
    expect(ids(commitChunks(batches, limits))).to.deep.equal(["a", "b", "c"]);
    expect(commitChunks([], limits)).to.deep.equal([]);
  });

  it("are made of the batches of each namespace, in their order", () => {
    const batches = [batch("a", ["1"], "x"), batch("b", ["1"], "y"), batch("c", ["1"], "x")];
    const groups = [...batchesByNamespace(batches)].map(([name, own]) => [name, ids([own])[0]]);
    expect(groups).to.deep.equal([
      ["x", "ac"],
      ["y", "b"],
    ]);
  });
});
