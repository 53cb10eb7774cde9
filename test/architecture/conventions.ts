import { posix } from "node:path";
import type { SourceFile } from "./source-tree.js";

const MAX_LINES = 400;
/** `shared` says something of what follows it: what several instances or suites share. */
const VAGUE = /(^|[-/])(utils?|helpers?|common|managers?|misc)([-./]|$)|(^|[-/])shared\./;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|interface|type|const|function\*?) (\w+)/gm;

/** Last words of file names that say which role the main export plays; its name must end in them too. */
const ROLES: ReadonlySet<string> = new Set([
  "backend",
  "builder",
  "cache",
  "codec",
  "decoder",
  "encoder",
  "error",
  "log",
  "plugin",
  "pump",
  "queue",
  "reader",
  "recorder",
  "registry",
  "request",
  "signal",
  "store",
  "sweeper",
  "system",
  "table",
  "transaction",
  "writer",
]);

/** What a source file does against the conventions of CONTRIBUTING.md, one line for each. */
export function conventionFlaws(file: SourceFile): string[] {
  const name = posix.basename(file.path).replace(/(\.d|\.long)?\.ts$/, "");
  const flaws = [
    lineCount(file.text) > MAX_LINES && `has ${lineCount(file.text)} lines; the limit is ${MAX_LINES}`,
    VAGUE.test(file.path) && "has a name that says nothing of what is in it",
    !KEBAB.test(name) && "is not named in kebab-case",
    /^export default\b/m.test(file.text) && "has a default export",
    name === "index" && !onlyReExports(file.text) && "does more than re-export",
    /^export \*/m.test(file.text) && "re-exports names that it does not list",
    missingRole(name, file.text),
  ];
  return flaws.filter((flaw) => typeof flaw === "string").map((flaw) => `${file.path} ${flaw}`);
}

function lineCount(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

function onlyReExports(text: string): boolean {
  const rest = text
    .replace(/\/\*[^]*?\*\/|^\/\/.*$/gm, "")
    .replace(/^export (type )?\{[^}]*\} from "[^"]+";$/gm, "");
  return rest.trim() === "";
}

function missingRole(name: string, text: string): string | false {
  const role = name.split("-").at(-1) ?? "";
  if (!name.includes("-") || !ROLES.has(role)) return false;
  const exported = [...text.matchAll(EXPORTED)].map(([, exportedName = ""]) => exportedName.toLowerCase());
  if (exported.length === 0) return false;
  return !exported.some((exportedName) => exportedName.endsWith(role)) && `exports nothing that is a ${role}`;
}
