import type { CliIo } from "./cli-io.js";
import { LineWriter } from "./line-writer.js";
import { paintFor, type Paint } from "./paint.js";
import { printable } from "./printable.js";
import { jsonOf } from "./value-text.js";

/** What a command answers, on standard output: lines for people or, with --json, a JSON text on each line. */
export class Output {
  readonly isJson: boolean;
  readonly paint: Paint;
  readonly toTerminal: boolean;
  readonly #lines: LineWriter;
  readonly #stderr: CliIo["stderr"];
  readonly #paintNote: Paint;

  constructor({ stdout, stderr, environment }: CliIo, isJson: boolean) {
    this.isJson = isJson;
    this.toTerminal = stdout.isTTY === true;
    this.paint = isJson ? (_style, text) => text : paintFor(stdout, environment);
    this.#lines = new LineWriter(stdout, this.toTerminal);
    this.#stderr = stderr;
    this.#paintNote = paintFor(stderr, environment);
  }

  /** What a command answers: `text` for people, `value` as JSON for programs. */
  answer(text: string, value: unknown): Promise<void> {
    return this.#lines.line(this.isJson ? JSON.stringify(value) : text);
  }

  /** As `answer`, for a value of the store, whose JSON has tags where JSON alone could not tell what it is. */
  answerValue(text: string, value: unknown): Promise<void> {
    return this.#lines.line(this.isJson ? jsonOf(value) : text);
  }

  /** A line that stands for itself, in either form. */
  line(text: string): Promise<void> {
    return this.#lines.line(text);
  }

  /** Bytes or text as they are, without a line end. */
  raw(data: string | Uint8Array): Promise<void> {
    return this.#lines.raw(data);
  }

  /** Names and values below each other; what is no text as JSON. */
  async table(rows: readonly (readonly [name: string, value: unknown])[]): Promise<void> {
    const width = Math.max(...rows.map(([name]) => name.length));
    for (const [name, value] of rows) {
      const shown = printable(typeof value === "string" ? value : JSON.stringify(value));
      await this.line(`${this.paint("dim", name.padEnd(width))}  ${shown}`);
    }
  }

  flush(): Promise<void> {
    return this.#lines.flush();
  }

  /** Something to know that is no failure, on standard error; with --json as an object of its own line. */
  note(message: string): void {
    const text = this.isJson
      ? JSON.stringify({ note: message })
      : `${this.#paintNote("yellow", "holdfast:")} ${printable(message)}`;
    this.#stderr.write(`${text}\n`);
  }
}
