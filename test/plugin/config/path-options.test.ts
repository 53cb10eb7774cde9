import { expect } from "chai";
import { ConfigError } from "../../../src/plugin/config/config-error.js";
import { optionAt, OPTION_PATHS } from "../../../src/plugin/config/options.js";
import { resolveSettings } from "../../../src/plugin/config/resolve-settings.js";

const PATHS = OPTION_PATHS.filter((option) => /(^|[._])path$/.test(option));

/** What else must be there for a path to be needed. */
const BESIDE: Readonly<Record<string, object>> = {
  file_path: { backend: "file" },
  "file.path": { backend: "file" },
  "directory.path": { backend: "directory" },
  "sqlite.path": { backend: "sqlite" },
  "lmdb.path": { backend: "lmdb" },
};

function problemsWith(path: string, given: unknown): readonly string[] {
  const [section = "", option] = path.split(".");
  const interval = section === "backup" && { interval: "1d" };
  const settings = {
    ...BESIDE[path],
    [section]: option === undefined ? given : { ...interval, [option]: given },
  };
  try {
    resolveSettings(settings);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => `${problem.path}: ${problem.message}`);
  }
}

describe("the options that are paths", () => {
  it("are these", () => {
    expect(PATHS).to.deep.equal([
      ...Object.keys(BESIDE).slice(0, 1),
      "backup.path",
      ...Object.keys(BESIDE).slice(1),
    ]);
  });

  for (const path of PATHS) {
    const { aliasOf, example = optionAt(aliasOf ?? "")?.example } = optionAt(path) ?? {};

    for (const [what, given, shown] of [
      ["one with a NUL", "a\0b", '"a\\u0000b"'],
      ["an empty one", "", '""'],
      ["what is no text", 5, "5"],
    ] as const) {
      it(`${path} refuses ${what}, with one problem`, () => {
        expect(problemsWith(path, given)).to.deep.equal([
          `storage.${path}: ${shown} is not accepted; give a path such as ${example}`,
        ]);
      });
    }

    it(`${path} takes any other text`, () => {
      expect(problemsWith(path, "./d\u00e4ta/a b.json")).to.deep.equal([]);
    });
  }
});
