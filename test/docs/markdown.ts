import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../architecture/source-tree.js";

/** Every Markdown file of the repository, tracked or new, relative to its root. */
export function markdownFiles(): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"];
  const listed = execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).split("\n");
  return listed.filter((path) => path !== "" && existsSync(join(ROOT, path)));
}

export function readMarkdown(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm)].map(([, language = "", code = ""]) => ({
    language: language.trim(),
    code,
  }));
}

/** The cells of every table row that begins with a name in backquotes, by that name. */
export function tableRows(markdown: string): Map<string, readonly string[]> {
  const rows = [...markdown.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, name = "", rest = ""]) => {
    return [name, rest.split(/(?<!\\)\|/).map((cell) => cell.trim())] as const;
  });
  return new Map(rows);
}

/** Links to files that are not there, and to headings that no file has. */
export function brokenLinks(path: string, markdown: string): string[] {
  const text = markdown.replace(/^```[^]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
  const links = [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link) && !resolves(path, markdown, link));
}

function resolves(path: string, markdown: string, link: string): boolean {
  const [file = "", heading] = link.split("#");
  const target = file === "" ? path : join(dirname(path), file);
  if (!existsSync(join(ROOT, target))) return false;
  const content = file === "" ? markdown : target.endsWith(".md") ? readMarkdown(target) : "";
  return heading === undefined || headings(content).includes(heading);
}

/** Headings as anchors: lower case, spaces as hyphens, punctuation gone. */
function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => {
    return title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
  });
}
