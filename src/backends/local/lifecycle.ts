import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";

type State = "not-open" | "opening" | "open" | "closing" | "closed";

/**
 * The life of a backend in one place: what may be called when, opening and closing at most once at a time, and
 * closing only after the calls under way have ended.
 *
 * | state | open | close | any other call |
 * |---|---|---|---|
 * | not-open | opens | does nothing | `not-open` |
 * | opening | joins | opens first | `not-open` |
 * | open | does nothing | closes | runs |
 * | closing | closes first | joins | `closed` |
 * | closed | opens | does nothing | `closed` |
 */
export class Lifecycle {
  #state: State = "not-open";
  #transition: Promise<void> | undefined;
  #running = 0;
  #onIdle: (() => void) | undefined;

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** @throws the fault of a call that may not begin: `not-open`, `closed`, or its context's. */
  check(ctx: Context): void {
    this.checkOpen();
    const over = ctx.err();
    if (over !== undefined) throw over;
  }

  /** @throws StorageFault `not-open` or `closed`. */
  checkOpen(): void {
    if (this.#state !== "open") throw refusal(this.#state);
  }

  /** Runs a call that `close` waits for. */
  async run<T>(ctx: Context, call: () => Promise<T>): Promise<T> {
    this.check(ctx);
    return await this.track(call);
  }

  /** As {@link run}, for a call that has looked at its contexts and at the state itself. */
  async track<T>(call: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await call();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  /** Opens with `run`; when that fails, the state is as it was and opening may be tried again. */
  async open(ctx: Context, run: () => Promise<void>): Promise<void> {
    const over = ctx.err();
    if (over !== undefined) throw over;
    if (this.#state === "closing") await settled(this.#transition);
    if (this.#state === "open") return;
    if (this.#state !== "opening") this.#transition = this.#opening(this.#state, run);
    await this.#transition;
  }

  /**
   * Refuses new calls at once, calls `interrupt` so that waiting ones may end early, waits for all, then runs `run`.
   * When that fails the backend is closed all the same.
   */
  async close(interrupt: () => void, run: () => Promise<void>): Promise<void> {
    if (this.#state === "opening") await settled(this.#transition);
    if (this.#state === "open") this.#transition = this.#closing(interrupt, run);
    if (this.#state === "closing") await this.#transition;
  }

  async #opening(before: State, run: () => Promise<void>): Promise<void> {
    this.#state = "opening";
    try {
      await run();
      this.#state = "open";
    } catch (error) {
      this.#state = before;
      throw error;
    }
  }

  async #closing(interrupt: () => void, run: () => Promise<void>): Promise<void> {
    this.#state = "closing";
    try {
      interrupt();
      await this.#idle();
      await run();
    } finally {
      this.#state = "closed";
    }
  }

  async #idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#onIdle = undefined;
  }
}

function refusal(state: State): StorageFault {
  if (state === "not-open") return new StorageFault("not-open", "the store is not open; call open first");
  if (state === "opening")
    return new StorageFault("not-open", "the store is still opening; await open first");
  return new StorageFault("closed", "the store is closed");
}

/** Waits for a transition whose failure is its own caller's. */
async function settled(transition: Promise<void> | undefined): Promise<void> {
  await transition?.catch(() => undefined);
}
