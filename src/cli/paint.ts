import { styleText } from "node:util";
import type { CliIo, TerminalState } from "./cli-io.js";

type Style = Parameters<typeof styleText>[0];

/** Colours text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Colours only on a terminal that has them, and never against https://no-color.org. */
export function paintFor(stream: TerminalState, environment: CliIo["environment"]): Paint {
  const isPlain = stream.isTTY !== true || Boolean(environment["NO_COLOR"]) || environment["TERM"] === "dumb";
  // By itself it would look at the standard output of the process, whatever stream this is for.
  return isPlain
    ? (_style, text) => text
    : (style, text) => styleText(style, text, { validateStream: false });
}
