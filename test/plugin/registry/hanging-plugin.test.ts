import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { compiledProgram } from "../../support/compiled-program.js";

const HOST = new URL("hanging-host.ts", import.meta.url);

const late = (verb: string) =>
  `plugin "high" did not ${verb} in time; raise its time limit, or see what it waits for`;

/** What a host with a plugin that hangs somewhere says, with nothing else that keeps its process alive. */
function endingOf(where: string): { readonly code: number | null; readonly lines: readonly string[] } {
  const { status, stdout } = spawnSync(process.execPath, [compiledProgram(HOST), where], {
    encoding: "utf8",
  });
  return { code: status, lines: stdout.trimEnd().split("\n") };
}

describe("a plugin that hangs, in a process that does nothing else", () => {
  for (const [phase, verb] of [
    ["init", "initialise"],
    ["start", "start"],
  ] as const) {
    it(`ends a start by its time limit, and what was begun is stopped, when it hangs in ${phase}`, () => {
      expect(endingOf(phase)).to.deep.equal({
        code: 0,
        lines: [
          `start: the host did not start: ${late(verb)}`,
          "stop high, stop high done, stop low, stop low done",
        ],
      });
    });
  }

  it("ends a stop by its time limit, and the others are stopped", () => {
    const { code, lines } = endingOf("stop");
    expect(code).to.equal(0);
    expect(lines.slice(-2)).to.deep.equal([
      `stop: the host did not stop cleanly: ${late("stop")}`,
      "stop high, stop low, stop low done",
    ]);
  });

  it("is down when it does not say how it is", () => {
    expect(endingOf("health").lines).to.include("health: down");
  });

  it("ends a reconfiguration by its time limit", () => {
    const { code, lines } = endingOf("reconfigure");
    expect(code).to.equal(0);
    expect(lines).to.include(
      "reconfigure: the host was not reconfigured completely: " +
        'plugin "high" refused its new section: the context\'s deadline has passed',
    );
  });
});
