import { createContext, runInContext } from "node:vm";
import { expect } from "chai";
import { compilePattern } from "../../src/core/pattern.js";

const PATTERN = "*a*a*a*a*a*b";
const KEY = "a".repeat(1000);
const PATIENCE_MS = 1000;

/** Whether a pattern of some stars is compared with a key that it does not match before anybody loses patience. */
function answersInTime(matches: (key: string) => boolean): boolean {
  try {
    expect(
      runInContext("matches(key)", createContext({ matches, key: KEY }), { timeout: PATIENCE_MS }),
    ).to.equal(false);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false;
    throw error;
  }
}

function regularExpression(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll("*", ".*")}$`, "s");
}

describe("bug museum: patterns", () => {
  it("a pattern of many stars is answered at once", () => {
    const pattern = compilePattern(PATTERN);
    expect(answersInTime((key) => pattern.matches(key))).to.equal(true);
  });

  it("a pattern of many stars finds a glob made into a regular expression", () => {
    const pattern = regularExpression(PATTERN);
    expect(answersInTime((key) => pattern.test(key))).to.equal(false);
  });
});
