#!/usr/bin/env node
import { EXIT, type ExitCode } from "./exit-codes.js";
import { main } from "./main.js";

const interrupt = new AbortController();

/** The first signal ends the command in good order, a second one at once. */
function endOn(signal: "SIGINT" | "SIGTERM", exitCode: ExitCode): void {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(exitCode);
    interrupt.abort(exitCode);
  });
}

endOn("SIGINT", EXIT.interrupted);
endOn("SIGTERM", EXIT.terminated);
// Timers of contexts keep no process alive; without this one it could end in the middle of a command.
setInterval(() => undefined, 2 ** 30);

const { stdin, stdout, stderr, env: environment } = process;
// Whoever has stopped reading is no reason to end with a stack trace; answers see it by themselves.
for (const stream of [stdout, stderr]) stream.on("error", () => undefined);
const exitCode = await main(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  environment,
  interrupt: interrupt.signal,
});
process.exit(exitCode);
