import { expect } from "chai";
import { scanImports } from "./import-scanner.js";

describe("scanImports", () => {
  const cases: readonly (readonly [name: string, source: string, found: readonly string[]])[] = [
    ["a named import", 'import { a } from "./a.js";', ["static ./a.js"]],
    [
      "a default and a namespace import",
      'import a from "a";\nimport * as b from "b";',
      ["static a", "static b"],
    ],
    ["an import for its effect", 'import "reflect-metadata";', ["static reflect-metadata"]],
    ["an import over several lines", 'import {\n  a,\n  b as c,\n} from "./a.js";', ["static ./a.js"]],
    ["single quotes", "import { a } from './a.js';", ["static ./a.js"]],
    ["a type import", 'import type { A } from "./a.js";', ["type ./a.js"]],
    ["names that are all types", 'import { type A, type B } from "./a.js";', ["type ./a.js"]],
    ["names that are partly types", 'import { type A, b } from "./a.js";', ["static ./a.js"]],
    ["a default import called type", 'import type from "./a.js";', ["static ./a.js"]],
    [
      "a re-export",
      'export { a } from "./a.js";\nexport * from "./b.js";',
      ["static ./a.js", "static ./b.js"],
    ],
    ["a re-export of types", 'export type { A } from "./a.js";', ["type ./a.js"]],
    ["a call", 'const a = await import("./a.js");', ["dynamic ./a.js"]],
    ["a call with a continuation", 'void import("./a.js").then(run);', ["dynamic ./a.js"]],
    ["a type query", 'type A = typeof import("a");\ntype B = import("b").B;', ["type a", "type b"]],
    ["two on neighbouring lines", 'import { a } from "a";\nimport { b } from "b";', ["static a", "static b"]],
  ];
  for (const [name, source, found] of cases) {
    it(`finds ${name}`, () => {
      expect(scanImports(source).map((use) => `${use.kind} ${use.specifier}`)).to.deep.equal(found);
    });
  }

  const nothing: readonly (readonly [name: string, source: string])[] = [
    ["a line comment", '// import { a } from "./a.js";'],
    ["a block comment", '/*\nimport { a } from "./a.js";\nconst b = import("b");\n*/'],
    ["a template", 'const text = `\nimport { a } from "./a.js";\n`;'],
    ["an export of its own", 'export const from = "./a.js";\nexport function f() {}\nconst g = "./b.js";'],
    ["an own default value", 'export function f(a = "./a.js") {}'],
    ["an export list of its own", 'export { a };\nconst b = "from";'],
  ];
  for (const [name, source] of nothing) {
    it(`finds nothing in ${name}`, () => {
      expect(scanImports(source)).to.deep.equal([]);
    });
  }
});
