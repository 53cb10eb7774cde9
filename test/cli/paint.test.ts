import { expect } from "chai";
import { paintFor } from "../../src/cli/paint.js";

describe("colour", () => {
  const painted = (isTTY: boolean, environment: Readonly<Record<string, string>>) =>
    paintFor({ isTTY }, environment)("red", "a");

  it("is given on a terminal, whatever standard output is", () => {
    expect(painted(true, {})).to.equal("\u001b[31ma\u001b[39m");
    // An empty variable says nothing.
    expect(painted(true, { NO_COLOR: "" })).to.equal("\u001b[31ma\u001b[39m");
  });

  it("is not given in a pipe, with NO_COLOR, or on a terminal without", () => {
    expect(painted(false, {})).to.equal("a");
    expect(painted(true, { NO_COLOR: "1" })).to.equal("a");
    expect(painted(true, { TERM: "dumb" })).to.equal("a");
  });
});
