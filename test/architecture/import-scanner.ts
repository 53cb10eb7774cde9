/** One place where a module names another. */
export interface ImportUse {
  readonly specifier: string;
  /** `type`: gone when compiled. `static`: loaded with the module. `dynamic`: loaded when that line runs. */
  readonly kind: "type" | "static" | "dynamic";
}

/** Comments, text and templates; what stands between them is code. Text must not run over a line's end. */
const LEXEMES = /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;

/** Declarations begin a line and cannot stand deeper. */
const FROM = /^(?:import|export)\b(\s+type\b(?!\s*(?:,|from\b)))?([^;"'`()=]*?)\bfrom\s*(["'])([^"'\n]+)\3/gm;
const BARE = /^import\s*(["'])([^"'\n]+)\1/gm;
const CALL = /(\btypeof\s+)?\bimport\s*\(\s*(["'])([^"'\n]+)\2/g;
/** `import("x").Name` in a type; a promise has only these members. */
const TYPE_QUERY = /^\s*\)\s*\.(?!then\b|catch\b|finally\b)/;

/**
 * Every import and re-export of a TypeScript module. Works on text, because TypeScript 7 offers no syntax tree: it
 * knows the layout that the formatter leaves behind, in which declarations begin a line.
 */
export function scanImports(source: string): ImportUse[] {
  const code = blankComments(source);
  return [...declarations(code), ...calls(code)];
}

function blankComments(source: string): string {
  return source.replace(LEXEMES, (lexeme) => {
    if (lexeme.startsWith("/")) return "";
    return lexeme.startsWith("`") ? "``" : lexeme;
  });
}

function declarations(code: string): ImportUse[] {
  const from = [...code.matchAll(FROM)].map(([, typeOnly, names = "", , specifier = ""]): ImportUse => {
    return { specifier, kind: typeOnly !== undefined || onlyTypes(names) ? "type" : "static" };
  });
  const bare = [...code.matchAll(BARE)].map(([, , specifier = ""]): ImportUse => {
    return { specifier, kind: "static" };
  });
  return [...from, ...bare];
}

/** `{ type A, type B }`: nothing of it is left when compiled, with the lint rule that forbids a leftover import. */
function onlyTypes(names: string): boolean {
  const list = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1]?.split(",") ?? [];
  const named = list.map((name) => name.trim()).filter((name) => name !== "");
  return named.length > 0 && named.every((name) => name.startsWith("type "));
}

function calls(code: string): ImportUse[] {
  return [...code.matchAll(CALL)].map((match) => {
    const [whole, typeQuery, , specifier = ""] = match;
    const rest = code.slice(match.index + whole.length, match.index + whole.length + 40);
    return { specifier, kind: typeQuery !== undefined || TYPE_QUERY.test(rest) ? "type" : "dynamic" };
  });
}
