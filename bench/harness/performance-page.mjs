import { readFileSync, writeFileSync } from "node:fs";

const begin = (id) => `<!-- bench:${id} -->`;
const end = (id) => `<!-- /bench:${id} -->`;

/** Replaces what stands between the markers of each section; a page without them is refused, not added to. */
export function writeSections(page, sections) {
  let text = readFileSync(page, "utf8");
  for (const [id, content] of Object.entries(sections)) {
    const start = text.indexOf(begin(id));
    const stop = text.indexOf(end(id));
    if (start < 0 || stop < start) throw new Error(`${page} has no markers ${begin(id)} … ${end(id)}`);
    text = `${text.slice(0, start + begin(id).length)}\n\n${content}\n\n${text.slice(stop)}`;
  }
  writeFileSync(page, text);
}
