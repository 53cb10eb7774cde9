import { expect } from "chai";
import {
  nextState,
  STATE_TABLE,
  type PluginState,
  type PluginTransition,
} from "../../../src/plugin/plugin-state.js";

const STATES: readonly PluginState[] = [
  "registered",
  "initialising",
  "initialised",
  "starting",
  "started",
  "stopping",
  "stopped",
  "failed",
];

describe("the state table of plugins", () => {
  const rows: readonly (readonly [PluginState, PluginTransition, PluginState])[] = [
    ["registered", "init", "initialising"],
    ["initialising", "succeed", "initialised"],
    ["initialising", "fail", "failed"],
    ["initialised", "start", "starting"],
    ["initialised", "stop", "stopping"],
    ["starting", "succeed", "started"],
    ["starting", "fail", "failed"],
    ["started", "stop", "stopping"],
    ["stopping", "succeed", "stopped"],
    ["stopping", "fail", "failed"],
    ["stopped", "init", "initialising"],
    ["failed", "stop", "stopping"],
  ];

  for (const [from, transition, to] of rows) {
    it(`${from} + ${transition} = ${to}`, () => {
      expect(nextState(from, transition)).to.equal(to);
    });
  }

  it("allows nothing else", () => {
    const allowed = Object.values(STATE_TABLE).reduce((sum, row) => sum + Object.keys(row).length, 0);
    expect(allowed).to.equal(rows.length);
    expect(Object.keys(STATE_TABLE)).to.have.members(STATES);
  });

  it("leads from every state to stopped", () => {
    for (const start of STATES) {
      const reached = new Set<PluginState>([start]);
      for (const state of reached) Object.values(STATE_TABLE[state]).forEach((next) => reached.add(next));
      expect(reached, start).to.include("stopped");
    }
  });
});
