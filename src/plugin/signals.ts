import { messageOf } from "./plugin-error.js";

/** Exit codes by convention: 128 and the number of the signal. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

type StopSignal = keyof typeof EXIT_CODES;

const LONG_MS = 2 ** 30;

/**
 * At the first SIGINT or SIGTERM runs `stop` and then ends the process with the signal's exit code; what `stop` rejects
 * with goes to standard error. A second signal ends it at once.
 *
 * @returns a function that takes the handlers away again; a stop under way goes on and still ends the process.
 */
export function handleSignals(stop: () => Promise<void>): () => void {
  let stopping = false;
  const onSignal = (signal: StopSignal): void => {
    const exitCode = EXIT_CODES[signal];
    if (stopping) process.exit(exitCode);
    stopping = true;
    void stopAndExit(stop, exitCode);
  };
  for (const signal of Object.keys(EXIT_CODES)) process.on(signal, onSignal);
  return () => {
    for (const signal of Object.keys(EXIT_CODES)) process.off(signal, onSignal);
  };
}

async function stopAndExit(stop: () => Promise<void>, exitCode: number): Promise<never> {
  // Timers of contexts keep no process alive; without this one it could end in the middle of a stop.
  const alive = setInterval(() => undefined, LONG_MS);
  try {
    await stop();
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
  }
  clearInterval(alive);
  process.exit(exitCode);
}
