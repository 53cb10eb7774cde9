import { setTimeout as delay } from "node:timers/promises";
import { background, withTimeout, type Context } from "../../core/context.js";

/** Between two looks at whether others committed. */
const POLL_MS = 50;
/** After a look that failed. */
const PAUSE_MS = 500;
/** A namespace that nobody has asked about for so long is looked at no more; whoever waits asks at least so often. */
const FORGET_AFTER_MS = 10_000;

export interface PollerSetup {
  /** The last ordinals of some namespaces, in their order. */
  readonly look: (ctx: Context, namespaces: readonly string[]) => Promise<readonly number[]>;
  /** Deadline of a look. */
  readonly timeoutMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly woken: (namespace: string) => void;
}

interface Polled {
  ordinal: number;
  askedAt: number;
}

/**
 * Stands in for the signals that these servers do not give: looks at the ends of the logs that somebody follows, at all of
 * them in one statement, and wakes whoever waits where one has moved. Its pauses are real time, as the server's clock is.
 */
export class MysqlPoller {
  readonly #setup: PollerSetup;
  readonly #polled = new Map<string, Polled>();
  readonly #end = new AbortController();
  #running: Promise<void> | undefined;

  constructor(setup: PollerSetup) {
    this.#setup = setup;
  }

  /** Somebody who may wait for changes was told where the log ends. */
  follow(namespace: string, ordinal: number): void {
    this.#polled.set(namespace, { ordinal, askedAt: this.#setup.now() });
    if (this.#running !== undefined || this.#end.signal.aborted) return;
    this.#running = this.#run().finally(() => (this.#running = undefined));
  }

  /** Resolves when no look is under way any more. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let pauseMs = POLL_MS; await this.#pause(pauseMs); ) {
      this.#forget();
      if (this.#polled.size === 0) return;
      pauseMs = (await this.#look()) ? POLL_MS : PAUSE_MS;
    }
  }

  /** False when the poller is closed. */
  async #pause(ms: number): Promise<boolean> {
    const { signal } = this.#end;
    await delay(ms, undefined, { ref: false, signal }).catch(() => undefined);
    return !signal.aborted;
  }

  #forget(): void {
    const before = this.#setup.now() - FORGET_AFTER_MS;
    for (const [namespace, { askedAt }] of this.#polled) {
      if (askedAt < before) this.#polled.delete(namespace);
    }
  }

  /** False when the server could not be asked; whoever waits looks too, now and then, and is told why. */
  async #look(): Promise<boolean> {
    const [ctx, end] = withTimeout(background(), this.#setup.timeoutMs);
    try {
      const names = [...this.#polled.keys()];
      const ordinals = await this.#setup.look(ctx, names);
      for (const [i, name] of names.entries()) this.#compare(name, ordinals[i] ?? 0);
      return true;
    } catch {
      return false;
    } finally {
      end();
    }
  }

  #compare(namespace: string, ordinal: number): void {
    const polled = this.#polled.get(namespace);
    if (polled === undefined || polled.ordinal === ordinal) return;
    polled.ordinal = ordinal;
    this.#setup.woken(namespace);
  }
}
