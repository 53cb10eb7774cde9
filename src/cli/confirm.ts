import { createInterface } from "node:readline/promises";
import { CliError, usageError } from "./cli-error.js";
import type { CliIo } from "./cli-io.js";
import { EXIT } from "./exit-codes.js";
import { printable } from "./printable.js";

/**
 * Asks before something that cannot be undone: on a terminal the user, anywhere else nobody, and then `--yes` is needed.
 *
 * @param question what is about to happen, such as `remove all keys of namespace "a"`.
 * @throws CliError when the answer is not yes, or nobody can be asked.
 */
export async function confirm(io: CliIo, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw usageError(`this would ${question}; give --yes where nobody can be asked`);
  }
  const answer = await ask(io, `${printable(question)}? [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new CliError("nothing was changed", { exitCode: EXIT.failed });
}

async function ask({ stdin, stderr, interrupt }: CliIo, question: string): Promise<string> {
  // As a terminal of its own it would swallow Ctrl-C.
  const asking = createInterface({ input: stdin, output: stderr, terminal: false });
  // The end of the input answers nothing, which is not yes, and leaves the cursor behind the question.
  const ended = new Promise<void>((resolve) => asking.once("close", resolve));
  try {
    const answer = await Promise.race([asking.question(question, { signal: interrupt }), ended]);
    if (answer === undefined) stderr.write("\n");
    return answer ?? "";
  } finally {
    asking.close();
  }
}
