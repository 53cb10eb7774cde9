import { StorageFault, quoteName } from "./errors.js";
import type { Reason } from "./errors.js";

/** Where in a value something stands: a field, an element, or a part of a Map or Set. */
export type PathPart = string | number;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const SHOWN_PARTS = 8;

/**
 * Why a value cannot be stored. Thrown where the bad part is met; each object on the way out adds its step to the
 * path, so that a walk without failure pays nothing for it.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly reason: Reason;
  /** From the innermost part outwards. */
  readonly #path: PathPart[] = [];

  constructor(message: string, reason: Reason = "unserializable", cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }

  /** What a walk threw, as a refusal: code of the caller's (a getter, a proxy, toJSON) may throw anything. */
  static from(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    return new Refusal("reading it threw an error; store plain data instead", "unserializable", error);
  }

  /** Adds the step that leads to the part refused so far. */
  at(part: PathPart): this {
    this.#path.push(part);
    return this;
  }

  toFault(): StorageFault {
    const details = this.cause === undefined ? {} : { cause: this.cause };
    const path = showPath(this.#path.toReversed());
    return new StorageFault(this.reason, path === "" ? this.message : `at ${path}: ${this.message}`, details);
  }
}

function showPath(path: readonly PathPart[]): string {
  if (path.length <= SHOWN_PARTS) return path.map(showPart).join("");
  const half = SHOWN_PARTS / 2;
  return `${path.slice(0, half).map(showPart).join("")}…${path.slice(-half).map(showPart).join("")}`;
}

function showPart(part: PathPart): string {
  if (typeof part === "number") return `[${part}]`;
  return IDENTIFIER.test(part) && part.length <= 64 ? `.${part}` : `[${quoteName(part)}]`;
}
