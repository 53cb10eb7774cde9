import { namespaceKeys, type NamespaceKeys } from "./namespace-keys.js";

/** What is known here of a namespace at the server. */
export interface Space {
  readonly name: string;
  readonly keys: NamespaceKeys;
  /** An ordinal that the namespace has reached for sure; 0 when none is known. */
  reached: number;
  /** Whether its name was written to the registry since the connection last broke. */
  isRegistered: boolean;
}

const MOST_REMEMBERED = 10_000;

/** Remembers namespaces that were used. Forgetting costs a command, never correctness. */
export class Spaces {
  readonly #prefix: string;
  readonly #spaces = new Map<string, Space>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  of(name: string): Space {
    const known = this.#spaces.get(name);
    if (known !== undefined) return known;
    if (this.#spaces.size >= MOST_REMEMBERED) this.#spaces.clear();
    const space = { name, keys: namespaceKeys(this.#prefix, name), reached: 0, isRegistered: false };
    this.#spaces.set(name, space);
    return space;
  }

  /** Names must be registered anew: the server may have become another one, that never heard of them. */
  forgetRegistered(): void {
    for (const space of this.#spaces.values()) space.isRegistered = false;
  }
}
