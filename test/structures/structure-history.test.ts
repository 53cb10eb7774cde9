import { expect } from "chai";
import type { Outcome } from "./structure-calls.js";
import type { Call } from "./structure-commands.js";
import { whyNotLinearizable, type Operation } from "./structure-history.js";
import { StructureModel } from "./structure-model.js";

const push = (value: number): Call => ({ verb: "push", key: "list", left: false, values: [value] });
const POP: Call = { verb: "pop", key: "list", left: true };
const RANGE: Call = { verb: "range", key: "list", start: 0, end: -1 };
const ADD: Call = { verb: "add", key: "counter", by: 1 };

const LATER = 1_000_000;

/** An operation from one moment to another; without an end nobody was told. */
function operation(
  begun: number,
  ended: number | undefined,
  ...parts: (readonly [Call, unknown])[]
): Operation {
  const calls = parts.map(([call]) => call);
  const outcomes = parts.map(([, value]): Outcome => ({ value }));
  const common = { client: "a", isTransaction: calls.length > 1, calls, begun };
  return ended === undefined ? { ...common, ended: Infinity } : { ...common, ended, outcomes };
}

function held(list: readonly number[], counter = 0): string {
  const model = new StructureModel();
  if (list.length > 0) model.push("list", false, list);
  if (counter > 0) model.set("counter", counter);
  return model.text;
}

const isOrdered = (history: readonly Operation[], found: string): boolean =>
  whyNotLinearizable(history, new StructureModel(), found) === undefined;

describe("the history of structures", () => {
  it("takes any order of what ran at once", () => {
    const history = [operation(0, 10, [push(1), 2]), operation(0, 10, [push(2), 1])];
    expect(isOrdered(history, held([2, 1]))).to.equal(true);
    expect(isOrdered(history, held([1, 2])), "the lengths say who was first").to.equal(false);
  });

  it("holds what came one after the other to its order", () => {
    const history = [operation(0, 1, [push(1), 1]), operation(2, 3, [push(2), 2])];
    expect(isOrdered(history, held([1, 2]))).to.equal(true);
    const late = [operation(2, 3, [push(1), 1]), operation(0, 1, [push(2), 2])];
    expect(isOrdered(late, held([1, 2])), "an order against the clock").to.equal(false);
  });

  it("finds what is lost, made twice, or taken twice", () => {
    expect(isOrdered([operation(0, 1, [push(1), 1])], held([]))).to.equal(false);
    expect(isOrdered([operation(0, 1, [push(1), 1])], held([1, 1]))).to.equal(false);
    const twice = [operation(0, 1, [push(1), 1]), operation(2, 9, [POP, 1]), operation(3, 8, [POP, 1])];
    expect(isOrdered(twice, held([]))).to.equal(false);
  });

  it("finds reads of what is over, and of what is not yet", () => {
    const pushed = operation(0, 1, [push(1), 1]);
    expect(isOrdered([pushed, operation(2, 3, [RANGE, []])], held([1]))).to.equal(false);
    expect(isOrdered([operation(2, 3, [push(1), 1]), operation(0, 1, [RANGE, [1]])], held([1]))).to.equal(
      false,
    );
    expect(isOrdered([operation(0, 9, [push(1), 1]), operation(2, 3, [RANGE, []])], held([1]))).to.equal(
      true,
    );
  });

  it("takes what nobody was told of as made, or not, and at any time since", () => {
    const untold = operation(5, undefined, [push(7), 0]);
    expect(isOrdered([untold], held([]))).to.equal(true);
    expect(isOrdered([untold], held([7]))).to.equal(true);
    expect(isOrdered([untold], held([7, 7]))).to.equal(false);
    const read = (at: number, list: readonly number[]) => operation(at, at + 1, [RANGE, list]);
    expect(isOrdered([untold, read(10, []), read(LATER, [7])], held([7]))).to.equal(true);
    expect(isOrdered([untold, read(10, [7]), read(LATER, [])], held([]))).to.equal(false);
    expect(isOrdered([read(1, [7]), untold], held([7])), "before it had begun").to.equal(false);
  });

  it("takes transactions as one, told of or not", () => {
    const told = operation(0, 1, [push(1), 1], [ADD, 1]);
    expect(isOrdered([told], held([1], 1))).to.equal(true);
    expect(isOrdered([told], held([1]))).to.equal(false);
    const untold = operation(0, undefined, [push(1), 0], [ADD, 0]);
    expect(isOrdered([untold], held([1], 1))).to.equal(true);
    expect(isOrdered([untold], held([1])), "half of it").to.equal(false);
    const between = [operation(0, 9, [push(1), 1], [POP, 1]), operation(2, 3, [RANGE, [1]])];
    expect(isOrdered(between, held([])), "seen from outside").to.equal(false);
  });

  it("goes on from a state that was there before", () => {
    const initial = new StructureModel();
    initial.push("list", false, [1, 2]);
    expect(whyNotLinearizable([operation(0, 1, [POP, 1])], initial, held([2]))).to.equal(undefined);
    expect(whyNotLinearizable([operation(0, 1, [POP, 2])], initial, held([1]))).to.include("pop");
  });

  it("judges a long history of a few clients", () => {
    const history = Array.from({ length: 1000 }, (_, i) => operation(i * 10, i * 10 + 35, [ADD, i + 1]));
    expect(isOrdered(history, held([], 1000))).to.equal(true);
    expect(isOrdered(history, held([], 1001))).to.equal(false);
  });
});
