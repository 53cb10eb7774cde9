import { codec, CodecTable } from "./codec.js";
import { CustomCodec, type CodecDefinition } from "./custom-codec.js";
import type { ValueCodec } from "./value-codec.js";

/** The codecs that a configuration can name. All of them read. Immutable: adding one gives a new registry. */
export class CodecRegistry {
  readonly #codecs: readonly ValueCodec[];

  constructor(codecs: readonly ValueCodec[] = []) {
    this.#codecs = codecs;
  }

  /** Every name, in alphabetical order. */
  get names(): readonly string[] {
    return this.#codecs.map(({ name }) => name).sort();
  }

  /**
   * A registry that knows one more codec.
   *
   * @throws RangeError when its name or id is not allowed or another one's; TypeError when it lacks a function.
   */
  with(definition: CodecDefinition): CodecRegistry {
    const added = new CustomCodec(definition);
    const rival = this.#codecs.find(({ name, id }) => name === added.name || id === added.id);
    if (rival === undefined) return new CodecRegistry([...this.#codecs, added]);
    throw new RangeError(
      `codec "${added.name}" with id ${added.id} meets codec "${rival.name}" with id ${rival.id}; choose others`,
    );
  }

  /** A table that writes with the codec of that name and reads what any of them wrote. */
  table(name: string): CodecTable {
    const writer = this.#codecs.find((each) => each.name === name);
    if (writer === undefined)
      throw new TypeError(`there is no codec ${JSON.stringify(name)}; there are ${this.names.join(", ")}`);
    return new CodecTable(writer, this.#codecs);
  }
}

/** A registry of the codecs in this package. */
export function defaultCodecs(): CodecRegistry {
  return new CodecRegistry([codec("json"), codec("v8")]);
}
