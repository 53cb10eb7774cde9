import type { Context } from "../../core/context.js";
import { settleWithin } from "../../core/settle-within.js";
import type { Timers } from "../../core/runtime.js";
import { ChangeSignal } from "../local/change-signal.js";
import type { Lifecycle } from "../local/lifecycle.js";
import type { RedisConnection } from "./redis-connection.js";
import { redisFault } from "./redis-errors.js";
import type { RedisLink } from "./redis-link.js";
import type { Space } from "./spaces.js";

/** How long a channel is listened to when nobody waits any more: whoever follows a log waits again at once. */
const LINGER_MS = 30_000;

interface Subscription {
  readonly link: RedisLink;
  readonly listener: () => void;
  readonly active: Promise<void>;
  waiters: number;
  linger: NodeJS.Timeout | undefined;
}

/** Listens to the announcements of commits, one channel per namespace, for as long as somebody waits for some. */
export class WakeUps {
  readonly #connection: RedisConnection;
  readonly #signal: ChangeSignal;
  readonly #subscriptions = new Map<Space, Subscription>();

  constructor(connection: RedisConnection, timers: Timers, lifecycle: Lifecycle) {
    this.#connection = connection;
    this.#signal = new ChangeSignal(timers, lifecycle);
  }

  /** The namespaces that somebody waits for. */
  get watched(): readonly Space[] {
    return [...this.#subscriptions].flatMap(([space, { waiters }]) => (waiters > 0 ? [space] : []));
  }

  /**
   * Runs something while announcements of a namespace arrive, so that none falls between a look at the log and the
   * wait for the next one.
   */
  async listening<T>(limit: Context, space: Space, run: () => Promise<T>): Promise<T> {
    const subscription = this.#subscribed(space);
    subscription.waiters += 1;
    clearTimeout(subscription.linger);
    try {
      await settleWithin(limit, subscription.active);
      return await run();
    } finally {
      subscription.waiters -= 1;
      if (subscription.waiters === 0) this.#letGo(space, subscription);
    }
  }

  /** Resolves at the next announcement, after `timeoutMs`, when the context is over, or when one may have been missed. */
  wait(ctx: Context, space: Space, timeoutMs: number): Promise<void> {
    return this.#signal.wait(ctx, space.name, timeoutMs);
  }

  /** The connection broke: subscriptions are made again when next asked for, and everybody looks again. */
  missed(): void {
    for (const { linger } of this.#subscriptions.values()) clearTimeout(linger);
    this.#subscriptions.clear();
    this.#signal.notifyAll();
  }

  #subscribed(space: Space): Subscription {
    const known = this.#subscriptions.get(space);
    if (known !== undefined) return known;
    const link = this.#connection.link;
    const listener = () => this.#signal.notify(space.name);
    const active = link.subscribe(space.keys.channel, listener).catch((error: unknown) => {
      if (this.#subscriptions.get(space)?.listener === listener) this.#subscriptions.delete(space);
      throw redisFault(error);
    });
    const subscription: Subscription = { link, listener, active, waiters: 0, linger: undefined };
    this.#subscriptions.set(space, subscription);
    return subscription;
  }

  #letGo(space: Space, subscription: Subscription): void {
    if (this.#subscriptions.get(space) !== subscription) return;
    subscription.linger = setTimeout(() => {
      if (subscription.waiters > 0 || this.#subscriptions.get(space) !== subscription) return;
      this.#subscriptions.delete(space);
      // A channel that cannot be left is left with the connection.
      subscription.link.unsubscribe(space.keys.channel, subscription.listener).catch(() => undefined);
    }, LINGER_MS).unref();
  }
}
