import { StorageFault } from "../core/errors.js";
import type { Stack } from "./stack.js";

/** Where the plugin and its namespace views find the stack: there while the store is open. */
export class StackSlot {
  #stack: Stack | undefined;
  #closed = false;
  #name = "";

  /** @throws StorageFault `not-open` before the store is open, `closed` once it began to close. */
  get stack(): Stack {
    if (this.#stack !== undefined) return this.#stack;
    if (this.#closed) throw new StorageFault("closed", "the store is closed; open it again");
    throw new StorageFault("not-open", "the store is not open; start the plugin first");
  }

  get isOpen(): boolean {
    return this.#stack !== undefined;
  }

  /** The backend's name, for errors; as configured while the store is not open. */
  get backendName(): string {
    return this.#stack?.backend.info.name ?? this.#name;
  }

  set backendName(name: string) {
    this.#name = name;
  }

  open(stack: Stack): void {
    this.#stack = stack;
    this.#closed = false;
  }

  close(): void {
    this.#closed ||= this.#stack !== undefined;
    this.#stack = undefined;
  }
}

const STORES = new WeakMap<object, StackSlot>();

/** Notes the slot of a whole store, for calls that concern two stores. */
export function rememberStore(storage: object, slot: StackSlot): void {
  STORES.set(storage, slot);
}

/** The slot of a whole store; undefined for anything else, a namespace of it included. */
export function slotOfStore(storage: unknown): StackSlot | undefined {
  return typeof storage === "object" && storage !== null ? STORES.get(storage) : undefined;
}
