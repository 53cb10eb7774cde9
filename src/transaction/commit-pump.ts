import type { Backend, CommitResult } from "../backends/backend.js";
import { StorageFault } from "../core/errors.js";
import type { Clock } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";
import { CommitGroup } from "./commit-group.js";
import { dataBytes, type CommitObserver, type CommitRequest } from "./commit-request.js";

export interface CommitPumpLimits {
  /** Most requests waiting for the backend; one more is refused as `busy`. */
  readonly maxPending: number;
  readonly maxGroupRequests: number;
  readonly maxGroupBytes: number;
  /** Milliseconds that a request waits, at least, before a server that does not answer is an answer to it too. */
  readonly patienceMs: number;
}

/** What carries commits to a backend. */
export interface Commits {
  /**
   * Commits a request; a conflict is a result. Rejects with the fault of this request, never of a neighbour.
   *
   * A caller whose context ends while its commit is under way is told so with `outcome: "unknown"`; the commit goes on.
   */
  submit(request: CommitRequest): Promise<CommitResult>;
  /** Resolves when everything submitted so far has been answered. */
  drained(): Promise<void>;
  /** Runs `change` at a moment when no call is under way; commits submitted meanwhile go out after it. */
  betweenCalls(change: () => void): Promise<void>;
  /** Whoever is told of outcomes from the next call on; to be changed between calls. */
  set observer(observer: CommitObserver);
}

/** Timers may fire so many milliseconds before the clock says so. */
const TIMER_SLACK_MS = 10;

interface Waiting {
  readonly request: CommitRequest;
  /** On the process's clock, in milliseconds. */
  readonly since: number;
  /** The call under way, or that just failed, went without it. */
  wasLeft: boolean;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Carries commits to the backend, one call at a time: while a call is under way, newcomers gather, and the next call
 * takes all that are independent of each other (group commit: one flush for many transactions).
 *
 * Requests that write one key go out one after the other. When the server does not answer the first, those behind it whose
 * patience is over fail too, unsent: or each would take as long again.
 */
export class CommitPump implements Commits {
  readonly #backend: Backend;
  #observer: CommitObserver;
  readonly #limits: CommitPumpLimits;
  readonly #clock: Clock;
  readonly #gathers: boolean;
  readonly #onIdle: (() => void) | undefined;
  #queue: Waiting[] = [];
  #busy = false;
  #pauses: (() => void)[] = [];

  /** @param onIdle called when nothing is under way or waits any more. */
  constructor(
    backend: Backend,
    observer: CommitObserver,
    limits: CommitPumpLimits,
    clock: Clock,
    onIdle?: () => void,
  ) {
    this.#backend = backend;
    this.#observer = observer;
    this.#limits = limits;
    this.#clock = clock;
    this.#gathers = backend.info.capabilities.groupCommit;
    this.#onIdle = onIdle;
  }

  submit(request: CommitRequest): Promise<CommitResult> {
    const over = request.ctx.err();
    if (over !== undefined) return Promise.reject(over);
    const excess = request.writes.length > 1 ? this.#excess(request) : undefined;
    if (excess !== undefined) return Promise.reject(excess);
    if (!this.#busy && !this.#gathers) return this.#within(request, this.#sendAlone(request));
    return this.#within(request, this.#enqueue(request));
  }

  /** Nothing is under way, and nothing waits. */
  get isIdle(): boolean {
    return !this.#busy && this.#queue.length === 0;
  }

  async drained(): Promise<void> {
    const awaited = new Set(this.#queue);
    for (let left = true; left; ) {
      await this.betweenCalls(() => {
        left = this.#queue.some((waiting) => awaited.has(waiting));
      });
    }
  }

  set observer(observer: CommitObserver) {
    this.#observer = observer;
  }

  betweenCalls(change: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pauses.push(() => {
        try {
          resolve(change());
        } catch (error) {
          reject(error);
        }
      });
      if (!this.#busy) this.#next();
    });
  }

  #excess(request: CommitRequest): StorageFault | undefined {
    const { maxBatchEntries, maxBatchBytes } = this.#backend.info.limits;
    const entries = request.writes.length;
    const bytes = entries > maxBatchEntries ? 0 : dataBytes(request);
    if (entries <= maxBatchEntries && bytes <= maxBatchBytes) return undefined;
    const size =
      entries > maxBatchEntries
        ? `${entries} writes, over ${maxBatchEntries}`
        : `${bytes} bytes, over ${maxBatchBytes}`;
    return new StorageFault(
      "too-large",
      `the batch holds ${size}, the most this backend commits at once; split it`,
    );
  }

  #within(request: CommitRequest, result: Promise<CommitResult>): Promise<CommitResult> {
    if (!request.ctx.canEnd) return result;
    return settleWithin(request.ctx, result).catch((error: unknown) => {
      const gaveUp = error === request.ctx.err();
      throw gaveUp && request.isSent ? unknownOutcome(error as StorageFault) : error;
    });
  }

  #enqueue(request: CommitRequest): Promise<CommitResult> {
    if (this.#queue.length >= this.#limits.maxPending) {
      const message = `${this.#limits.maxPending} commits are waiting already; wait for some of them`;
      return Promise.reject(new StorageFault("busy", message));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, since: this.#clock.monotonic(), wasLeft: false, resolve, reject });
      if (!this.#busy) this.#gather();
    });
  }

  /** The short way when nothing is under way and gathering would gain nothing. */
  #sendAlone(request: CommitRequest): Promise<CommitResult> {
    this.#busy = true;
    return this.#call([request], this.#answerAlone, this.#failAlone);
  }

  // Made once: a commit on its own is the hottest way there is.
  readonly #answerAlone = (results: readonly CommitResult[]): CommitResult => {
    this.#next();
    return unwrap(results[0]);
  };

  readonly #failAlone = (fault: StorageFault): never => {
    this.#next();
    throw fault;
  };

  /** Gives everybody who is about to commit in this turn of the event loop the chance to join the call. */
  #gather(): void {
    this.#busy = true;
    setImmediate(() => this.#next());
  }

  // The busy flag falls in the same step as the last look at the queue, or a commit arriving in between would wait
  // for ever.
  #next(): void {
    if (this.#pauses.length > 0) for (const pause of this.#pauses.splice(0)) pause();
    const group = this.#takeGroup();
    this.#busy = group.length > 0;
    if (this.#busy) this.#send(group);
    else this.#onIdle?.();
  }

  #takeGroup(): Waiting[] {
    if (this.#queue.length === 0) return [];
    // A group takes its first whatever its size, and would note each of its keys for others to be independent of.
    if (this.#queue.length === 1) return this.#queue.splice(0).filter(stillWanted);
    const group = new CommitGroup(this.#limits.maxGroupRequests, this.#limits.maxGroupBytes);
    const taken: Waiting[] = [];
    const left: Waiting[] = [];
    for (const waiting of this.#queue) {
      if (!stillWanted(waiting)) continue;
      if (!group.isFull && group.offer(waiting.request)) taken.push(waiting);
      else left.push(waiting);
    }
    for (const waiting of left) waiting.wasLeft = true;
    this.#queue = left;
    return taken;
  }

  #send(group: readonly Waiting[]): void {
    void this.#call(
      group.map(({ request }) => request),
      (results) => {
        for (const [i, waiting] of group.entries()) settle(waiting, results[i]);
        if (this.#queue.length > 0 && results.every(isFault)) {
          this.#refuseOverdue(results.map(({ fault }) => faultOf(fault)));
        }
        this.#afterCall(group.length);
      },
      (fault) => this.#failed(group, fault),
    );
  }

  /** Lets those whose commits just ended submit the next ones before the next call goes out. */
  #afterCall(carried: number): void {
    if (this.#gathers && carried + this.#queue.length > 1) setImmediate(() => this.#next());
    else this.#next();
  }

  /** Tells the observer first, then `answered` or `failed`, all in the step in which the answer arrives. */
  #call<T>(
    requests: readonly CommitRequest[],
    answered: (results: readonly CommitResult[]) => T,
    failed: (fault: StorageFault) => T,
  ): Promise<T> {
    const observer = this.#observer;
    const sent = observer.sending(requests);
    for (const request of requests) request.isSent = true;
    return this.#carry(requests).then(
      (results) => {
        for (let i = 0; i < requests.length; i++) {
          (requests[i] as CommitRequest).isSent = mayHaveEffect(results[i]);
        }
        observer.arrived(requests, results, sent);
        return answered(results);
      },
      (error: unknown) => {
        const fault = faultOf(error);
        for (const request of requests) request.isSent = fault.outcome === "unknown";
        observer.failed(requests, sent);
        return failed(fault);
      },
    );
  }

  /** A backend that throws instead of rejecting must not stop the pump. */
  #carry(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    try {
      return this.#backend.commit(requests);
    } catch (error) {
      return Promise.reject(faultOf(error));
    }
  }

  /**
   * A call known to have had no effect is repeated request by request, so that one cannot fail its neighbours; but not
   * when its time was over, nor for those whose patience is: each would wait as long again for a server that does not
   * answer.
   */
  #failed(group: readonly Waiting[], fault: StorageFault): void {
    const isFinal = fault.outcome === "unknown" || fault.reason === "timeout" || group.length === 1;
    const latest = this.#latestOverdue();
    const again: Waiting[] = [];
    for (const waiting of group) {
      if (isFinal || (isSilence(fault) && waiting.since <= latest)) waiting.reject(fault);
      else again.push(waiting);
    }
    if (again.length === 0) {
      this.#refuseOverdue([fault]);
      this.#next();
    } else void this.#sendEach(again, fault);
  }

  /** @param fault of all together; also of those that are left when one alone finds that the server does not answer. */
  async #sendEach(group: readonly Waiting[], fault: StorageFault): Promise<void> {
    let isDown = false;
    for (const waiting of group) {
      if (isDown) waiting.reject(fault);
      else {
        await this.#call(
          [waiting.request],
          ([result]) => settle(waiting, result),
          (own) => {
            isDown = isSilence(own);
            waiting.reject(own);
          },
        );
      }
    }
    if (isDown) this.#refuseOverdue([fault]);
    this.#next();
  }

  /** Fails those that stayed behind a call which the server did not answer, and have waited long enough for it. */
  #refuseOverdue(faults: readonly StorageFault[]): void {
    const [fault] = faults;
    if (fault === undefined || !faults.every(isSilence)) return;
    const latest = this.#latestOverdue();
    this.#queue = this.#queue.filter(({ since, wasLeft, reject }) => {
      if (!wasLeft || since > latest) return true;
      reject(unsent(fault));
      return false;
    });
  }

  /** Who waits since then, or longer, has waited long enough for a server that does not answer. */
  #latestOverdue(): number {
    return this.#clock.monotonic() - this.#limits.patienceMs + TIMER_SLACK_MS;
  }
}

function isFault(result: CommitResult): result is CommitResult & { readonly status: "fault" } {
  return result.status === "fault";
}

/** Whether it may be that the server did not answer, so that the next call would wait for nothing too. */
function isSilence({ reason }: StorageFault): boolean {
  return reason === "timeout" || reason === "unavailable";
}

function unsent(cause: StorageFault): StorageFault {
  const message = `it was not sent, as a commit that it waited for failed: ${cause.message}`;
  return new StorageFault(cause.reason, message, { retryable: true, cause });
}

function stillWanted({ request, reject }: Waiting): boolean {
  const over = request.ctx.err();
  if (over !== undefined) reject(over);
  return over === undefined;
}

function settle(waiting: Waiting, result: CommitResult | undefined): void {
  try {
    waiting.resolve(unwrap(result));
  } catch (error) {
    waiting.reject(error);
  }
}

function unwrap(result: CommitResult | undefined): CommitResult {
  if (result === undefined) {
    const message = "the backend answered for fewer batches than it was given; read to see what took effect";
    throw new StorageFault("io", message, { outcome: "unknown" });
  }
  if (result.status === "fault") throw faultOf(result.fault);
  return result;
}

function mayHaveEffect(result: CommitResult | undefined): boolean {
  if (result?.status === "conflict") return false;
  return result?.status !== "fault" || faultOf(result.fault).outcome === "unknown";
}

/** What a backend threw; anything but a fault breaks the contract, and nobody can say what happened. */
function faultOf(error: unknown): StorageFault {
  if (error instanceof StorageFault) return error;
  const message = "the commit failed in an unforeseen way; read to see whether it took effect";
  return new StorageFault("io", message, { outcome: "unknown", cause: error });
}

function unknownOutcome(fault: StorageFault): StorageFault {
  const message = `${fault.message} while the commit was under way; read to see whether it took effect`;
  return new StorageFault(fault.reason, message, {
    outcome: "unknown",
    retryable: fault.retryable,
    cause: fault,
  });
}
