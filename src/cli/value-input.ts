import type { Command } from "commander";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { codec, StorageFault } from "../index.js";
import { usageError } from "./cli-error.js";
import type { CliIo } from "./cli-io.js";
import { printable } from "./printable.js";

/** How values are given, and what they are to be taken for. */
export interface ValueOptions {
  readonly text?: boolean;
  readonly jsonValue?: boolean;
  readonly file?: string;
  readonly bytes?: boolean;
}

/** Gives a command the options that say what its values are, and where one comes from. */
export function addValueOptions(command: Command): Command {
  return command
    .option("--text", "take text exactly as given, also what looks like JSON")
    .option("--json-value", "refuse what is no JSON")
    .option("--file <file>", "read the value from a file")
    .option("--bytes", "take bytes exactly as given");
}

/** No backend takes a value of more. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;
const JSON_CODEC = codec("json");
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What stands for standard input in the place of a value. */
const STDIN = "-";

/**
 * The value that a command was given: as an argument, from a file (`--file`), or from standard input (`-`). Without
 * an option that says what it is, it is JSON where it can be read so, and text otherwise; what is plainly meant to be JSON and
 * is not is refused.
 *
 * @throws CliError for a contradiction, for what is not what the option says, and for more than 64 MiB.
 */
export async function readValue(
  argument: string | undefined,
  options: ValueOptions,
  io: CliIo,
): Promise<unknown> {
  checkKinds(options);
  if ((argument === undefined) === (options.file === undefined)) {
    throw usageError("give the value once: as an argument, as - for standard input, or with --file FILE");
  }
  const [value] = await valuesOf(argument === undefined ? [] : [argument], options, io);
  return value;
}

/** The values of a command that takes several: as {@link readValue}, one of the arguments may be `-`; a file is one value. */
export async function readValues(
  args: readonly string[],
  options: ValueOptions,
  io: CliIo,
): Promise<readonly unknown[]> {
  checkKinds(options);
  if ((args.length === 0) === (options.file === undefined)) {
    throw usageError(
      "give the values as arguments, one of which may be - for standard input, or one value with --file FILE",
    );
  }
  return valuesOf(args, options, io);
}

async function valuesOf(
  args: readonly string[],
  options: ValueOptions,
  { stdin, interrupt }: CliIo,
): Promise<readonly unknown[]> {
  const { file } = options;
  if (file !== undefined) return [valueOf(await readFileBytes(file), options, true)];
  if (args.filter((argument) => argument === STDIN).length > 1)
    throw usageError(`standard input is one value: give - once; '"-"' stores a hyphen`);
  // What is wrong with an argument is told before anybody types.
  const given = args.map((argument) =>
    argument === STDIN ? undefined : valueOf(Buffer.from(argument), options, false),
  );
  const at = args.indexOf(STDIN);
  return at === -1 ? given : given.with(at, valueOf(await readStream(stdin, interrupt), options, true));
}

function checkKinds({ text, jsonValue, bytes }: ValueOptions): void {
  const given = [text, jsonValue, bytes].filter((kind) => kind === true);
  if (given.length > 1)
    throw usageError("--text, --json-value and --bytes contradict each other; keep one of them");
}

function valueOf(input: Buffer, { text, jsonValue, bytes }: ValueOptions, fromStream: boolean): unknown {
  if (bytes === true) return new Uint8Array(input);
  const written = decoded(input);
  if (text === true) return written;
  if (jsonValue === true) return parseJson(written);
  return guessed(fromStream ? written.replace(/\r?\n$/, "") : written);
}

function decoded(input: Buffer): string {
  try {
    return UTF8.decode(input);
  } catch {
    throw usageError("the value is no text in UTF-8; give --bytes to store it as it is");
  }
}

/** What a text is meant to be when nothing says so. */
function guessed(written: string): unknown {
  if (!isJson(written)) {
    if (/^\s*[[{"]/.test(written)) throw usageError(brokenJson(written));
    return written;
  }
  const value = parseJson(written);
  if (typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(written.trim())) {
    throw usageError(
      `${written.trim()} is larger than a number can hold exactly; give --text, or '{"$bigint":"${written.trim()}"}'`,
    );
  }
  return value;
}

function isJson(written: string): boolean {
  try {
    JSON.parse(written);
    return true;
  } catch {
    return false;
  }
}

function brokenJson(written: string): string {
  return `the value begins as JSON and is none: ${parserSays(written)}; correct it, or give --text to store it as text`;
}

/** JSON with the tags that stand for what JSON does not know. */
function parseJson(written: string): unknown {
  if (!isJson(written)) throw usageError(`the value is no JSON: ${parserSays(written)}`);
  try {
    return JSON_CODEC.decodeFromText(written);
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    throw usageError(
      `an object whose one field begins with $ is a tag, and here is ${error.message}; write one $ more for a plain field`,
      error,
    );
  }
}

function parserSays(written: string): string {
  try {
    JSON.parse(written);
    return "";
  } catch (error) {
    return printable((error as Error).message);
  }
}

async function readFileBytes(path: string): Promise<Buffer> {
  const file = await open(path).catch((error: Error) => {
    throw usageError(`the file cannot be read: ${error.message}`, error);
  });
  try {
    if ((await file.stat()).isDirectory()) throw usageError(`${path} is a folder; give a file`);
    return await readStream(file.createReadStream({ autoClose: false }));
  } finally {
    await file.close();
  }
}

async function readStream(stream: Readable, interrupt?: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = () => stream.destroy(new Error("interrupted"));
  interrupt?.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      const bytes = Buffer.from(chunk as Buffer);
      size += bytes.length;
      if (size > MAX_INPUT_BYTES) throw usageError("the value has more than 64 MiB, and none may; split it");
      chunks.push(bytes);
    }
  } finally {
    interrupt?.removeEventListener("abort", stop);
  }
  return Buffer.concat(chunks, size);
}
