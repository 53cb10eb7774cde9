import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { settleWithin } from "../../core/settle-within.js";
import type { Argument, RedisDriver } from "./redis-driver.js";
import { effectOf, NotConnected, redisFault, scriptAnswer } from "./redis-errors.js";
import { makeLink, type RedisLink } from "./redis-link.js";
import type { RedisOptions } from "./redis-options.js";
import type { RedisScript } from "./redis-script.js";

/** Between two attempts at a command that the server has not begun. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** A command was sent and its answer is not known; whether it took effect is for the caller to find out. */
export class AnswerLost extends Error {
  override readonly name = "AnswerLost";
}

/**
 * The connection of an open store, over one server's life and the next. It never sends a command again that may have
 * been received, unless told that it can be repeated. A command that stays unanswered for `socketTimeoutMs` is a
 * connection that nobody answers on any more: it is given up, and another one is made.
 */
export class RedisConnection {
  readonly #options: RedisOptions;
  readonly #onLost: () => void;
  #driver: RedisDriver | undefined;
  #link: RedisLink | undefined;
  #isConnected = false;
  #isClosed = true;
  /** When each command under way was sent; in order, so the first is the oldest. */
  readonly #underWay = new Set<{ readonly sinceMs: number }>();
  #watch: NodeJS.Timeout | undefined;
  #lastError: unknown;

  /** @param onLost called when a connection broke: what was heard of before may have been missed since. */
  constructor(options: RedisOptions, onLost: () => void) {
    this.#options = options;
    this.#onLost = onLost;
  }

  /** Connects, or rejects with the reason why not and leaves nothing behind. */
  async open(limit: Context, driver: RedisDriver): Promise<void> {
    this.#driver = driver;
    this.#isClosed = false;
    const link = makeLink(driver, this.#options, this.#onLost);
    this.#link = link;
    try {
      await settleWithin(limit, link.connect());
      this.#isConnected = true;
    } catch (error) {
      this.close();
      throw redisFault(error);
    }
  }

  /** Ends every connection; commands under way reject. */
  close(): void {
    this.#isClosed = true;
    this.#isConnected = false;
    clearTimeout(this.#watch);
    this.#watch = undefined;
    this.#link?.destroy();
    this.#link = undefined;
  }

  /** The link of now, for what is not a command of one key. */
  get link(): RedisLink {
    if (this.#link === undefined) throw offline(this.#lastError);
    return this.#link;
  }

  /** Runs a script that may be repeated, until it is answered or `limit` is over. Rejects with a StorageFault. */
  async read(
    limit: Context,
    script: RedisScript,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<unknown> {
    return await this.#untilAnswered(limit, true, () => this.#evaluate(script, keys, args));
  }

  /**
   * Runs a script that must not be repeated: again and again while it is known not to have begun, but never twice.
   *
   * @throws AnswerLost when nobody knows whether it ran; StorageFault when it did not; a script's own error as it is.
   */
  async write(
    limit: Context,
    script: RedisScript,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<unknown> {
    return await this.#untilAnswered(limit, false, () => this.#evaluate(script, keys, args));
  }

  /** Sends one command that may be repeated. */
  async command(limit: Context, key: string, command: readonly Argument[]): Promise<unknown> {
    return await this.#untilAnswered(limit, true, () => this.#send(key, command));
  }

  async #untilAnswered(
    limit: Context,
    isRepeatable: boolean,
    send: () => Promise<unknown>,
  ): Promise<unknown> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let last: unknown; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const over = limit.err();
      if (over !== undefined) throw last === undefined ? over : redisFault(last);
      try {
        return await settleWithin(limit, send());
      } catch (error) {
        if (error === limit.err()) throw isRepeatable ? error : new AnswerLost("", { cause: error });
        if (scriptAnswer(error) !== undefined) throw error;
        const effect = effectOf(error);
        if (effect === "lost") this.#onLost();
        if (effect === "lost" && !isRepeatable) throw new AnswerLost("", { cause: error });
        if (effect === "final" || this.#isClosed) throw redisFault(error);
        last = error;
      }
      await settleWithin(limit, delay(pauseMs)).catch(() => undefined);
    }
  }

  async #evaluate(script: RedisScript, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const key = keys[0] as string;
    try {
      return await this.#send(key, ["EVALSHA", script.sha, String(keys.length), ...keys, ...args]);
    } catch (error) {
      // A server that was restarted, failed over or flushed; it has done nothing.
      if (scriptAnswer(error) !== "NOSCRIPT") throw error;
      return await this.#send(key, ["EVAL", script.source, String(keys.length), ...keys, ...args]);
    }
  }

  async #send(key: string, command: readonly Argument[]): Promise<unknown> {
    const link = this.#link;
    if (link === undefined || !this.#isConnected) throw offline(this.#lastError);
    const sent = { sinceMs: performance.now() };
    this.#underWay.add(sent);
    this.#watch ??= this.#watchLater(this.#options.socketTimeoutMs);
    try {
      return await link.send(key, command);
    } finally {
      this.#underWay.delete(sent);
    }
  }

  #watchLater(afterMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#lookAtOldest(), afterMs).unref();
  }

  #lookAtOldest(): void {
    this.#watch = undefined;
    const [oldest] = this.#underWay;
    if (oldest === undefined || this.#isClosed) return;
    const leftMs = oldest.sinceMs + this.#options.socketTimeoutMs - performance.now();
    if (leftMs > 0) this.#watch = this.#watchLater(leftMs);
    else void this.#relink();
  }

  /** Makes another connection in place of one that is silent; tries until there is one. */
  async #relink(): Promise<void> {
    this.#isConnected = false;
    for (let pauseMs = FIRST_PAUSE_MS; !this.#isClosed; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      this.#link?.destroy();
      const link = makeLink(this.#driver as RedisDriver, this.#options, this.#onLost);
      this.#link = link;
      try {
        await within(this.#options.socketTimeoutMs, link.connect());
        this.#isConnected = !this.#isClosed;
        this.#onLost();
        return;
      } catch (error) {
        this.#lastError = error;
        await delay(pauseMs);
      }
    }
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const stop = new AbortController();
  const late = delay(ms, undefined, { signal: stop.signal }).then(() => {
    throw new StorageFault("timeout", "the server takes no connection");
  });
  try {
    await Promise.race([work, late]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
    work.catch(() => undefined);
  }
}

function offline(cause: unknown): NotConnected {
  return new NotConnected("the connection is being made anew", { cause });
}
