import { expect } from "chai";
import { Readable, Writable } from "node:stream";
import { Progress } from "../../src/cli/progress.js";

describe("the progress of a long command", () => {
  /** What is written while a command goes on for so many seconds, a step each. */
  function shown(
    seconds: number,
    options: { isTTY?: boolean; json?: boolean; columns?: number; known?: boolean } = {},
  ): string {
    const { isTTY = false, json = false, columns = 80, known = true } = options;
    let text = "";
    const stderr = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    });
    let nowMs = 0;
    const io = {
      stdin: Readable.from([]),
      stdout: stderr,
      stderr: Object.assign(stderr, { isTTY, columns }),
      environment: {},
      interrupt: new AbortController().signal,
    };
    const progress = new Progress(io, json, () => nowMs);
    for (let second = 1; second <= seconds; second++) {
      nowMs += 1000;
      progress.show(`step ${second}`, known ? second / seconds : undefined);
    }
    progress.end();
    return text;
  }

  it("is a plain line every two seconds in a pipe", () => {
    expect(shown(5)).to.equal(" 40 % step 2\n 80 % step 4\n");
  });

  it("is a bar on a terminal, no wider than it, gone at the end", () => {
    const clear = "\r\u001b[K";
    expect(shown(1, { isTTY: true })).to.equal(`${clear}[${"#".repeat(24)}] 100 % step 1${clear}`);
    expect(shown(1, { isTTY: true, columns: 11 })).to.equal(`${clear}[${"#".repeat(9)}${clear}`);
  });

  it("is a bar with a mark that goes to and fro where nobody knows how much is left", () => {
    const bars = shown(45, { isTTY: true, known: false }).split("\r\u001b[K").slice(1, -1);
    expect(bars[0]).to.equal(`[####${".".repeat(20)}] step 1`);
    expect(bars[1]).to.equal(`[.####${".".repeat(19)}] step 2`);
    expect(bars[20]).to.equal(`[${".".repeat(20)}####] step 21`);
    expect(bars[21]).to.equal(`[${".".repeat(19)}####.] step 22`);
    expect(bars[40]).to.equal(`[####${".".repeat(20)}] step 41`);
    expect(shown(2, { known: false })).to.equal("step 2\n");
  });

  it("is whole on a terminal that does not know how wide it is", () => {
    expect(shown(1, { isTTY: true, columns: 0 })).to.include("] 100 % step 1\r");
  });

  it("is nothing with --json", () => {
    expect(shown(5, { json: true })).to.equal("");
    expect(shown(5, { json: true, isTTY: true })).to.equal("");
  });
});
