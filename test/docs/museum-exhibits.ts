import { execFileSync } from "node:child_process";
import { ROOT } from "../architecture/source-tree.js";

/** A bug that was put in on purpose. */
export interface Exhibit {
  /** The part of the museum in which it stands. */
  readonly part: string;
  readonly bug: string;
  readonly foundBy: string;
}

const MUSEUM = "bug museum: ";
/** `power cuts find a file layer that never syncs a file`; what finds nothing shows that the search is sound. */
const FIND = /^(.+?) finds? (?!nothing\b)(.+)$/;

/** Every exhibit, as the titles of the museum's tests tell them. */
export function museumExhibits(): readonly Exhibit[] {
  const mocha = ["node_modules/mocha/bin/mocha.js", "--dry-run", "--reporter", "json"];
  const output = execFileSync(process.execPath, [...mocha, "test/museum", "test/crash/museum"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
  });
  const { tests } = JSON.parse(output) as { tests: readonly { title: string; fullTitle: string }[] };
  return tests.flatMap(({ title, fullTitle }) => {
    const [, foundBy, bug] = FIND.exec(title) ?? [];
    if (foundBy === undefined || bug === undefined) return [];
    return [{ part: fullTitle.slice(MUSEUM.length, -title.length).trim(), bug, foundBy }];
  });
}

/** The rows of a table of exhibits. */
export function exhibitRows(exhibits: readonly Exhibit[]): readonly string[] {
  return exhibits.map(({ part, bug, foundBy }) => `| ${part} | ${bug} | ${foundBy} |`);
}
