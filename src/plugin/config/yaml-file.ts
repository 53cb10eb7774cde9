import { readFile } from "node:fs/promises";
import type { Document, ErrorCode, LineCounter, Node, ParsedNode, Scalar } from "yaml";
import { quoteName } from "../../core/errors.js";
import type { ConfigSection } from "../plugin.js";
import { ConfigError, type ConfigProblem } from "./config-error.js";
import { expandVariables, ExpansionFlaw, type Environment } from "./environment.js";
import { wordsOf } from "./yaml-flaws.js";

/** Largest configuration file read, in bytes. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** Most times that aliases may be resolved in one file. */
const MAX_ALIAS_COUNT = 100;

type Yaml = typeof import("yaml");

/**
 * Reads a YAML file and fills in environment variables. The parser is loaded here and nowhere else, so a program
 * that configures by objects does not pay for it.
 *
 * @param section the only one that is wanted: what cannot be filled in elsewhere is left as it is written.
 * @throws ConfigError when it cannot be read, is too large, is no YAML, or names variables that are not set.
 */
export async function readYamlFile(
  path: string,
  environment: Environment,
  section?: string,
): Promise<YamlFile> {
  const text = await readText(path);
  const yaml = await import("yaml");
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const file = new YamlFile(path, yaml, document, lines);
  file.fillIn(environment, section);
  return file;
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ConfigError([{ path, message: unreadable(cause) }], { cause });
  });
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw refuse(
      path,
      `${bytes.length} bytes long, more than the ${MAX_CONFIG_BYTES} a configuration may have`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse(path, "not text in UTF-8; save it as UTF-8");
  }
}

function unreadable(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  if (code === "EISDIR") return "a folder; give the path of the YAML file in it";
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isForbidden = code === "EACCES" || code === "EPERM";
  const advice = isForbidden ? "let the user of this process read it" : "create it";
  return `cannot be read: ${reason}; ${advice}, or give another path`;
}

function refuse(path: string, message: string): ConfigError {
  return new ConfigError([{ path, message }]);
}

/** A parsed configuration file that knows where everything was written. */
export class YamlFile implements ConfigSection {
  readonly path: string;
  readonly #yaml: Yaml;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  #value: unknown;

  constructor(path: string, yaml: Yaml, document: Document.Parsed, lines: LineCounter) {
    this.path = path;
    this.#yaml = yaml;
    this.#document = document;
    this.#lines = lines;
    this.#refuseErrors();
    this.#refuseOddParts();
  }

  get value(): unknown {
    return this.#value;
  }

  locate(path: readonly (string | number)[]): string {
    let node: Node | null = this.#document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const step of path) {
      const found: Place | undefined = this.#step(node, step);
      if (found === undefined) break;
      ({ offset, node } = found);
    }
    return this.#at(offset);
  }

  /** The part of the file below a top-level name. */
  section(name: string): ConfigSection {
    const whole = this.#value;
    const has = typeof whole === "object" && whole !== null && Object.hasOwn(whole, name);
    return {
      value: has ? (whole as Record<string, unknown>)[name] : undefined,
      locate: (path) => this.locate([name, ...path]),
    };
  }

  /** Puts environment variables in and works out the value of the whole file. */
  fillIn(environment: Environment, section?: string): void {
    const problems: ConfigProblem[] = [];
    this.#yaml.visit(this.#document, {
      Scalar: (position, scalar, ancestors) => {
        if (position === "key" || typeof scalar.value !== "string") return;
        try {
          this.#fillInScalar(scalar as Scalar<string>, environment);
        } catch (error) {
          if (!(error instanceof ExpansionFlaw)) throw error;
          if (section !== undefined && !this.#mayBelongTo(section, scalar, ancestors)) return;
          problems.push(this.#flaw(scalar.range?.[0] ?? 0, error.message));
        }
      },
    });
    if (problems.length > 0) throw new ConfigError(problems);
    this.#value = this.#resolveAliases();
  }

  /** What has an anchor may be meant by an alias in any section. */
  #mayBelongTo(section: string, scalar: Scalar, ancestors: readonly unknown[]): boolean {
    const [, , top] = ancestors;
    const key: unknown = this.#yaml.isPair(top) ? top.key : undefined;
    if (this.#yaml.isScalar(key) && key.value === section) return true;
    return [scalar, ...ancestors].some(
      (node) => this.#yaml.isNode(node) && "anchor" in node && node.anchor !== undefined,
    );
  }

  #fillInScalar(scalar: Scalar<string>, environment: Environment): void {
    const expanded = expandVariables(scalar.value, environment);
    if (expanded === scalar.value) return;
    // What YAML would read as a number or a truth value when written there is read so; quotes keep it text.
    (scalar as Scalar).value = scalar.type === "PLAIN" ? readPlain(expanded) : expanded;
  }

  #resolveAliases(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    } catch (cause) {
      const message = `aliases that resolve more than ${MAX_ALIAS_COUNT} times; write the values out`;
      throw new ConfigError([this.#flaw(0, message)], { cause });
    }
  }

  #refuseErrors(): void {
    const flaws = [...this.#document.errors, ...this.#document.warnings];
    if (flaws.length === 0) return;
    throw new ConfigError(
      flaws.map(({ code, pos: [offset] }) => this.#flaw(offset, this.#wordsOf(code, offset))),
    );
  }

  #wordsOf(code: ErrorCode, offset: number): string {
    const key = code === "DUPLICATE_KEY" ? this.#keyAt(offset) : undefined;
    if (key === undefined) return wordsOf(code);
    return `the key ${quoteName(key)} stands in this section already; remove one of the two`;
  }

  #keyAt(offset: number): string | undefined {
    let found: string | undefined;
    this.#yaml.visit(this.#document, {
      Pair: (_position, { key }) => {
        if (!this.#yaml.isScalar(key) || key.range?.[0] !== offset) return undefined;
        found = String(key.value);
        return this.#yaml.visit.BREAK;
      },
    });
    return found;
  }

  /** What is YAML, and can be no configuration: keys that are no names, and aliases of nothing. */
  #refuseOddParts(): void {
    const problems: ConfigProblem[] = [];
    const anchors = new Set<string>();
    this.#yaml.visit(this.#document, {
      Value: (_position, { anchor }) => void (anchor !== undefined && anchors.add(anchor)),
      Alias: (position, { source, range }) => {
        if (position === "key")
          problems.push(this.#flaw(range?.[0] ?? 0, "an alias as a key; write the name out"));
        else if (!anchors.has(source))
          problems.push(
            this.#flaw(
              range?.[0] ?? 0,
              `no value before this has the anchor &${source}; set it there, or write the value out`,
            ),
          );
      },
      Pair: (_position, { key }) => {
        if (this.#yaml.isCollection(key))
          problems.push(
            this.#flaw(
              key.range?.[0] ?? 0,
              "a list or a section as a key; give a name, and put what is below it in its place",
            ),
          );
      },
    });
    if (problems.length > 0) throw new ConfigError(problems);
  }

  #flaw(offset: number, message: string): ConfigProblem {
    return { where: this.#at(offset), path: "", message };
  }

  #step(from: Node | null, step: string | number): Place | undefined {
    const node = this.#yaml.isAlias(from) ? from.resolve(this.#document) : from;
    if (this.#yaml.isSeq(node)) {
      const item = node.items[Number(step)] as ParsedNode | undefined;
      return item && { offset: item.range[0], node: item };
    }
    if (!this.#yaml.isMap<Scalar, ParsedNode | null>(node)) return undefined;
    const pair = node.items.find(({ key }) => String(key.value) === String(step));
    return pair && { offset: pair.key.range?.[0] ?? 0, node: pair.value };
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.path}:${line}:${col}`;
  }
}

interface Place {
  readonly offset: number;
  readonly node: Node | null;
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

/** The value of a plain scalar, as YAML's core schema has it for numbers and truth values; other text stays text. */
function readPlain(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return NUMBER.test(text) ? Number(text) : text;
}
