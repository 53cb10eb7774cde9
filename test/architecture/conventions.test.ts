import { expect } from "chai";
import { conventionFlaws } from "./conventions.js";
import { readSourceTree } from "./source-tree.js";

describe("source files", () => {
  for (const folder of ["src", "test", "examples", "scripts"]) {
    it(`keep to the conventions in ${folder}`, () => {
      const files = [...readSourceTree(folder).values()].filter(({ path }) => !path.endsWith(".test.ts"));
      expect(files).to.not.have.length(0);
      expect(files.flatMap(conventionFlaws)).to.deep.equal([]);
    });
  }

  it("stay under 400 lines in tests", () => {
    const tests = [...readSourceTree("test").values()].filter(({ path }) => path.endsWith(".test.ts"));
    const long = tests.flatMap(({ path, text }) => (text.split("\n").length > 401 ? [path] : []));
    expect(long).to.deep.equal([]);
  });
});

describe("conventionFlaws", () => {
  const cases: readonly (readonly [name: string, path: string, text: string])[] = [
    ["a file over 400 lines", "core/a.ts", "//\n".repeat(401)],
    ["a file called utils", "core/utils.ts", ""],
    ["a file in a folder called common", "common/a.ts", ""],
    ["a manager", "core/key-manager.ts", ""],
    ["camel case", "core/keyRange.ts", ""],
    ["a default export", "core/a.ts", "export default function a() {}"],
    ["code in an index", "core/index.ts", 'export { a } from "./a.js";\nconst b = 1;'],
    ["an unlisted re-export", "core/index.ts", 'export { a } from "./a.js";\nexport * from "./b.js";'],
    ["a backend that exports none", "backends/a/a-backend.ts", "export class A {}"],
  ];
  for (const [name, path, text] of cases) {
    it(`finds ${name}`, () => {
      expect(conventionFlaws({ path, text, imports: [] })).to.not.deep.equal([]);
    });
  }

  it("finds nothing in a file of 400 lines and an index that lists its names", () => {
    const index = 'export {\n  a,\n  b,\n} from "./a.js";\nexport type { C } from "./c.js";\n';
    expect(conventionFlaws({ path: "core/a.ts", text: "//\n".repeat(400), imports: [] })).to.deep.equal([]);
    expect(conventionFlaws({ path: "index.ts", text: index, imports: [] })).to.deep.equal([]);
  });
});
