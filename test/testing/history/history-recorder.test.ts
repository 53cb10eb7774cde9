import { expect } from "chai";
import { HistoryRecorder, type ListOperation } from "../../../src/testing/history/index.js";

describe("HistoryRecorder", () => {
  it("gives every start and end a moment of its own, in their order", () => {
    const recorder = new HistoryRecorder<ListOperation>();
    const first = recorder.begin(0);
    const second = recorder.begin(1);
    second.finish("committed");
    first.finish("aborted");
    expect(recorder.history).to.deep.equal([
      { process: 1, start: 2, end: 3, status: "committed", operations: [] },
      { process: 0, start: 1, end: 4, status: "aborted", operations: [] },
    ]);
  });

  it("keeps operations in the order they were added", () => {
    const recorder = new HistoryRecorder<ListOperation>();
    const open = recorder.begin(0);
    open.add({ kind: "append", key: "x", element: 1 });
    open.add({ kind: "read", key: "x", elements: [1] });
    open.finish("unknown");
    expect(recorder.history[0]?.operations.map(({ kind }) => kind)).to.deep.equal(["append", "read"]);
  });
});
