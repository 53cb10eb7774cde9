import { expect } from "chai";
import type { Batch, Write } from "../../../src/backends/backend.js";
import { addBatch } from "../../../src/backends/redis/commit-words.js";
import type { Argument } from "../../../src/backends/redis/redis-driver.js";
import { background } from "../../../src/core/context.js";

describe("words of a commit on redis", () => {
  const put = (key: string, inMs?: number): Write => {
    const expiry = inMs === undefined ? undefined : { in: inMs };
    return { kind: "put", key, type: 1, codec: 1, data: `data of ${key}`, expiry };
  };

  /** Everything behind the batch's own words, headers left out. */
  function wordsOf(writes: readonly Write[]): Argument[] {
    const words: Argument[] = [];
    const batch: Batch = { id: "v1", ctx: background(), namespace: "", checks: [], ranges: [], writes };
    addBatch(words, batch);
    return words.slice(3).map((word) => (/^1[0-9a-f]{24}/.test(String(word)) ? "header" : word));
  }

  const entry = (key: string) => [key, "header", `data of ${key}`];

  it("count the puts that stand together, and begin anew behind any other write", () => {
    const writes = [
      put("a"),
      put("b"),
      put("c", 5),
      put("d"),
      { kind: "delete", key: "e" } as const,
      put("f"),
    ];
    expect(wordsOf(writes)).to.deep.equal([
      ...["P", "2", ...entry("a"), ...entry("b")],
      ...["T", ...entry("c"), "5"],
      ...["P", "1", ...entry("d")],
      ...["D", "e"],
      ...["P", "1", ...entry("f")],
    ]);
  });

  it("are none for a batch that writes nothing", () => {
    expect(wordsOf([])).to.deep.equal([]);
  });
});
