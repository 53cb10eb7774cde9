import { expect } from "chai";
import type { LongRow } from "../support/long-row.js";
import { longRows, readRecord } from "../support/long-run.js";
import { nextSeed, renderInto, withRun, type RecordedRun } from "../support/reliability-record.js";
import { readSourceTree } from "../architecture/source-tree.js";
import { readMarkdown } from "./markdown.js";
import { exhibitRows, museumExhibits } from "./museum-exhibits.js";

describe("docs/reliability.md", () => {
  it("holds the table that its record gives", () => {
    const page = readMarkdown("docs/reliability.md");
    expect(page).to.equal(renderInto(page, readRecord()));
  });

  it("records only rows that can be run again, and shows no broken promise", async () => {
    const known = await longRows();
    const { rows } = readRecord();
    expect(rows.filter(({ id, title }) => known.get(id)?.title !== title).map(({ id }) => id)).to.deep.equal(
      [],
    );
    expect(rows.flatMap(({ runs }) => runs.flatMap(({ details }) => details))).to.deep.equal([]);
  });

  it("lists every exhibit of the bug museum (R17), and what finds it", () => {
    const exhibits = museumExhibits();
    expect(exhibits.length).to.be.at.least(30);
    expect(tableUnder(readMarkdown("docs/reliability.md"), "| part | bug | found by |")).to.deep.equal(
      exhibitRows(exhibits),
    );
  });

  it("names for R8 every file with a test of a full disk", () => {
    const [row = ""] = tableUnder(readMarkdown("docs/reliability.md"), "| row | what holds | tests |");
    const named = [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path);
    expect(named).to.deep.equal(filesTitled(/\bit\(\s*"[^"]*\(R8\)"/));
  });
});

/** The rows of the table with this head. */
function tableUnder(page: string, head: string): readonly string[] {
  const [, rest = ""] = page.split(`${head}\n`);
  const [, ...rows] = rest.slice(0, rest.indexOf("\n\n")).split("\n");
  return rows;
}

/** The test files with such a title in them, in order. */
function filesTitled(title: RegExp): readonly string[] {
  const files = [...readSourceTree("test").values()].filter(({ text }) => title.test(text));
  return files.map(({ path }) => `test/${path}`).sort();
}

describe("a reliability record", () => {
  const empty = { rows: [] };
  const row: LongRow = {
    id: "R10",
    title: "a round",
    fullRounds: 100,
    run: () => Promise.reject(new Error("unused")),
  };
  const run = (seed: number, parts: Partial<RecordedRun> = {}): RecordedRun => {
    return { seed, rounds: 1000, failures: 0, details: [], date: "2026-01-31", node: "20.20.2", ...parts };
  };
  const page = "a\n<!-- rows: written by npm run test:long -->\nold\n<!-- /rows -->\nb\n";
  const table = (record: Parameters<typeof renderInto>[1]): string | undefined => {
    return renderInto(page, record)
      .split("\n")
      .find((line) => line.startsWith("| R"));
  };

  it("adds up runs of different seeds, and replaces the run of a seed", () => {
    const twice = withRun(
      withRun(empty, row, run(1, { counts: { writes: 5 } })),
      row,
      run(2, { counts: { writes: 7 } }),
    );
    expect(nextSeed(twice, "R10")).to.equal(3);
    expect(table(withRun(twice, row, run(2, { counts: { writes: 8 } })))).to.equal(
      "| R10 | a round | 2 000 | 0 | 13 writes | 1.5e-3 a round | 1–2 | 2026-01-31, Node 20.20.2 |",
    );
  });

  it("keeps the last run alone of an exhaustive row, without a bound", () => {
    const all = { ...row, fullRounds: "exhaustive" as const };
    const record = withRun(withRun(empty, all, run(1)), all, run(2));
    expect(table(record)).to.equal(
      "| R10 | a round | 1 000, all there are | 0 | – | – | – | 2026-01-31, Node 20.20.2 |",
    );
  });

  it("gives no bound where a round failed", () => {
    expect(table(withRun(empty, row, run(1, { failures: 1 })))).to.include("| 1 000 | 1 | – | – | 1 |");
  });

  it("orders rows by number", () => {
    const record = withRun(withRun(empty, row, run(1)), { ...row, id: "R9-memory" }, run(1));
    expect(record.rows.map(({ id }) => id)).to.deep.equal(["R9-memory", "R10"]);
  });
});
