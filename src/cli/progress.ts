import type { CliIo } from "./cli-io.js";

const CLEAR_LINE = "\r\u001b[K";
const BAR_WIDTH = 24;
/** Of the mark that goes to and fro in a bar. */
const MARK_WIDTH = 4;
const DEFAULT_COLUMNS = 80;
const PLAIN_INTERVAL_MS = 2000;

/**
 * Tells on standard error how far a long command is: a bar on a terminal, which only moves where nobody knows how much is
 * left, a plain line every two seconds anywhere else, nothing with --json.
 */
export class Progress {
  readonly #stderr: CliIo["stderr"];
  readonly #kind: "bar" | "lines" | "silent";
  readonly #now: () => number;
  #shown = false;
  #steps = 0;
  #toldAtMs: number;

  /** @param now a monotonic clock in milliseconds. */
  constructor({ stderr, environment }: CliIo, isJson: boolean, now = () => performance.now()) {
    const moves = stderr.isTTY === true && environment["TERM"] !== "dumb";
    this.#stderr = stderr;
    this.#now = now;
    this.#toldAtMs = now();
    this.#kind = isJson ? "silent" : moves ? "bar" : "lines";
  }

  /** @param fraction how much is done, from 0 to 1; undefined when nobody knows. */
  show(text: string, fraction: number | undefined): void {
    if (this.#kind === "bar") this.#showBar(text, fraction);
    if (this.#kind === "lines") this.#tellSometimes(text, fraction);
  }

  /** Takes the bar away, so that what follows begins on a clean line. */
  end(): void {
    if (this.#shown) this.#stderr.write(CLEAR_LINE);
    this.#shown = false;
  }

  #showBar(text: string, fraction: number | undefined): void {
    this.#shown = true;
    const shown = fraction === undefined ? movingBar(this.#steps++) : `${bar(fraction)} ${percent(fraction)}`;
    // A terminal that does not know how wide it is says 0.
    const width = (this.#stderr.columns || DEFAULT_COLUMNS) - 1;
    this.#stderr.write(CLEAR_LINE + `${shown} ${text}`.slice(0, width));
  }

  #tellSometimes(text: string, fraction: number | undefined): void {
    if (this.#now() - this.#toldAtMs < PLAIN_INTERVAL_MS) return;
    this.#toldAtMs = this.#now();
    this.#stderr.write(`${fraction === undefined ? "" : `${percent(fraction)} `}${text}\n`);
  }
}

function bar(fraction: number): string {
  const done = Math.round(Math.min(1, fraction) * BAR_WIDTH);
  return `[${"#".repeat(done)}${".".repeat(BAR_WIDTH - done)}]`;
}

/** For when nobody knows how much is left: one place on with every step. */
function movingBar(step: number): string {
  const room = BAR_WIDTH - MARK_WIDTH;
  const at = room - Math.abs(room - (step % (2 * room)));
  return `[${".".repeat(at)}${"#".repeat(MARK_WIDTH)}${".".repeat(room - at)}]`;
}

function percent(fraction: number): string {
  return `${Math.floor(Math.min(1, fraction) * 100)} %`.padStart(5);
}
