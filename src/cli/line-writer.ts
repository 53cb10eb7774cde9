import type { Writable } from "node:stream";

/** Nobody reads any more what is written: the run ends quietly. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

const CHUNK_CHARACTERS = 64 * 1024;

/**
 * Writes to a stream in chunks, each awaited, so that a long listing takes no more memory than its reader leaves room for.
 */
export class LineWriter {
  readonly #stream: Writable;
  readonly #chunk: number;
  #waiting: string[] = [];
  #characters = 0;

  /** @param live writes every line at once, for someone who looks on. */
  constructor(stream: Writable, live: boolean) {
    this.#stream = stream;
    this.#chunk = live ? 0 : CHUNK_CHARACTERS;
    // What fails is told to the write that failed; without a listener it would end the process.
    stream.on("error", () => undefined);
  }

  /** @throws ReaderGone when the reader has left; what the system says when writing fails otherwise. */
  async line(text: string): Promise<void> {
    this.#waiting.push(text, "\n");
    this.#characters += text.length + 1;
    if (this.#characters > this.#chunk) await this.flush();
  }

  /** Writes what waits, and then these bytes or this text as they are. */
  async raw(data: string | Uint8Array): Promise<void> {
    await this.flush();
    if (data.length > 0) await this.#write(data);
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const text = this.#waiting.join("");
    this.#waiting = [];
    this.#characters = 0;
    await this.#write(text);
  }

  async #write(data: string | Uint8Array): Promise<void> {
    const error = await new Promise<Error | null | undefined>((resolve) => this.#stream.write(data, resolve));
    if (error) throw isGone(error) ? new ReaderGone("nobody reads the output", { cause: error }) : error;
  }
}

const GONE: ReadonlySet<unknown> = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED"]);

function isGone(error: Error): boolean {
  return "code" in error && GONE.has(error.code);
}
