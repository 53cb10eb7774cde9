import type { Backend, CommitResult } from "../backends/backend.js";
import { StorageFault } from "../core/errors.js";
import type { Clock } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";
import { CommitPump, type CommitPumpLimits, type Commits } from "./commit-pump.js";
import type { CommitObserver, CommitRequest } from "./commit-request.js";

/**
 * Carries commits with one call at a time for each namespace: where namespaces lie at different servers, those of one that
 * does not answer hold up only their own.
 */
export class NamespacePumps implements Commits {
  readonly #backend: Backend;
  #observer: CommitObserver;
  readonly #limits: CommitPumpLimits;
  readonly #clock: Clock;
  /** Of the namespaces that have a commit under way or waiting. */
  readonly #pumps = new Map<string, CommitPump>();
  #unanswered = 0;
  /** Resolves, and never rejects, when the last change that was asked for has been made; absent when none is. */
  #pause: Promise<void> | undefined;

  constructor(backend: Backend, observer: CommitObserver, limits: CommitPumpLimits, clock: Clock) {
    this.#backend = backend;
    this.#observer = observer;
    this.#limits = limits;
    this.#clock = clock;
  }

  async submit(request: CommitRequest): Promise<CommitResult> {
    const { maxPending } = this.#limits;
    if (this.#unanswered >= maxPending) {
      const message = `${maxPending} commits are waiting already; wait for some of them`;
      throw new StorageFault("busy", message);
    }
    this.#unanswered += 1;
    try {
      while (this.#pause !== undefined) await settleWithin(request.ctx, this.#pause);
      return await this.#submitTo(request);
    } finally {
      this.#unanswered -= 1;
    }
  }

  async drained(): Promise<void> {
    if (this.#pause !== undefined) await this.#pause;
    await Promise.all(Array.from(this.#pumps.values(), (pump) => pump.drained()));
  }

  set observer(observer: CommitObserver) {
    this.#observer = observer;
    for (const pump of this.#pumps.values()) pump.observer = observer;
  }

  betweenCalls(change: () => void): Promise<void> {
    const made = this.#changed(this.#pause, change);
    const pause: Promise<void> = made.then(nothing, nothing).then(() => {
      if (this.#pause === pause) this.#pause = undefined;
    });
    this.#pause = pause;
    return made;
  }

  /** Nobody gives the pumps anything new before `change` is made, so that those which have drained stay so. */
  async #changed(earlier: Promise<void> | undefined, change: () => void): Promise<void> {
    await earlier;
    await Promise.all(Array.from(this.#pumps.values(), (pump) => pump.drained()));
    change();
  }

  async #submitTo(request: CommitRequest): Promise<CommitResult> {
    const { namespace } = request;
    const pump = this.#pumps.get(namespace) ?? this.#makePump(namespace);
    try {
      return await pump.submit(request);
    } finally {
      // One that was refused unsent may have been the pump's only one.
      if (pump.isIdle) this.#drop(namespace, pump);
    }
  }

  #makePump(namespace: string): CommitPump {
    const pump = new CommitPump(this.#backend, this.#observer, this.#limits, this.#clock, () =>
      this.#drop(namespace, pump),
    );
    this.#pumps.set(namespace, pump);
    return pump;
  }

  #drop(namespace: string, pump: CommitPump): void {
    // There may be another one by now, with a call under way.
    if (this.#pumps.get(namespace) === pump) this.#pumps.delete(namespace);
  }
}

function nothing(): void {}
