import { toStorageError, type OperationDetails } from "../../core/errors.js";
import type { Stack } from "../stack.js";
import type { StackSlot } from "../stack-slot.js";

/** One of the two stores of a copy: how it is called, and which error a failure of it becomes. */
export class CopySide {
  readonly slot: StackSlot;
  readonly #access: "read" | "write";
  #slowestMs = 0;

  constructor(slot: StackSlot, access: "read" | "write") {
    this.slot = slot;
    this.#access = access;
  }

  /** The longest that one of its calls took so far, in milliseconds: so much may its deadlines be off. */
  get slowestMs(): number {
    return this.#slowestMs;
  }

  /** Milliseconds that an entry of this side still lives, never too many; Infinity when it does not expire. */
  leftMs({ endsAt }: { readonly endsAt: number }): number {
    return endsAt === Infinity ? Infinity : endsAt - this.slot.stack.runtime.clock.monotonic();
  }

  /** Calls the open store; whatever is thrown becomes a StorageError that names the namespace. */
  async call<T>(namespace: string | undefined, body: (stack: Stack) => Promise<T>): Promise<T> {
    try {
      const { stack } = this.slot;
      const { clock } = stack.runtime;
      const sentAt = clock.monotonic();
      const answer = await body(stack);
      this.#slowestMs = Math.max(this.#slowestMs, clock.monotonic() - sentAt);
      return answer;
    } catch (error) {
      throw this.error(error, namespace);
    }
  }

  /** What was thrown, as the error that the caller of the copy sees. */
  error(error: unknown, namespace: string | undefined): Error {
    return toStorageError(error, this.details(namespace));
  }

  details(namespace: string | undefined): OperationDetails {
    const { backendName: backend } = this.slot;
    return { operation: "copyStorage", access: this.#access, backend, namespace };
  }
}
