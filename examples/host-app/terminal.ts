import type { WriteStream } from "node:tty";

const BOLD = "\u001b[1m";
const PLAIN = "\u001b[0m";
const CLEAR_LINE = "\r\u001b[K";

/** Ends the process quietly once nobody reads what it prints, as under `| head`. */
export function endWhenUnread(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
}

type Cell = string | number;

/** Where the demo prints: progress and bold headings on a terminal, plain lines anywhere else. */
export class Terminal {
  readonly #stream: NodeJS.WriteStream | WriteStream;
  readonly #bold: boolean;

  constructor(stream: NodeJS.WriteStream, environment: Readonly<Record<string, string | undefined>>) {
    this.#stream = stream;
    // https://no-color.org: set and not empty.
    this.#bold = stream.isTTY && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
  }

  line(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  heading(text: string): void {
    this.line("");
    this.line(this.#bold ? `${BOLD}${text}${PLAIN}` : text);
  }

  /** Overwrites the line it is on; nothing where there is no terminal. Undefined clears it. */
  progress(text: string | undefined): void {
    if (this.#stream.isTTY) this.#stream.write(CLEAR_LINE + (text ?? ""));
  }

  /** Columns as wide as their content; those of numbers to the right. */
  table(header: readonly string[], rows: readonly (readonly Cell[])[]): void {
    const columns = header.map((title, index) => columnOf(title, rows, index));
    const rule = columns.map(({ width }) => "-".repeat(width));
    for (const row of [header, rule, ...rows]) {
      this.line(`  ${columns.map((column, index) => padded(row[index] ?? "", column)).join("  ")}`.trimEnd());
    }
  }
}

interface Column {
  readonly width: number;
  readonly numeric: boolean;
}

function columnOf(title: string, rows: readonly (readonly Cell[])[], index: number): Column {
  const cells = rows.map((row) => row[index] ?? "");
  return {
    width: Math.max(title.length, ...cells.map((cell) => String(cell).length)),
    numeric: cells.length > 0 && cells.every((cell) => typeof cell === "number"),
  };
}

function padded(cell: Cell, { width, numeric }: Column): string {
  return numeric ? String(cell).padStart(width) : String(cell).padEnd(width);
}
