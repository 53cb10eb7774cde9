/** The calls of a backend that can be held. */
export type CallName = "read" | "scan" | "commit" | "changes" | "namespaces";

/** Before a call is carried out, or after it was and before its answer is given. */
export type CallMoment = "before" | "after";

/** One call to come that will stop at a moment. */
export interface HeldCall {
  /** Resolves when the call has got there. */
  readonly reached: Promise<void>;
  /** Lets the call go on, or pass without stopping when it has not come yet. */
  release(): void;
}

interface Gate {
  readonly reach: () => void;
  readonly opened: Promise<void>;
}

/** Stops calls at given moments until the test lets them go, so that a race runs the same way every time. */
export class CallGates {
  readonly #gates = new Map<string, Gate[]>();

  /** The next call that comes to this moment and is not held yet stops there. */
  hold(call: CallName, moment: CallMoment): HeldCall {
    const name = `${moment} ${call}`;
    let reach!: () => void;
    let release!: () => void;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const opened = new Promise<void>((resolve) => (release = resolve));
    const gate: Gate = { reach, opened };
    this.#gates.set(name, [...(this.#gates.get(name) ?? []), gate]);
    return {
      reached,
      release: () => {
        this.#forget(name, gate);
        release();
      },
    };
  }

  /** Nothing is held or waits to be. */
  get isEmpty(): boolean {
    return this.#gates.size === 0;
  }

  /** Passes a moment; resolves at once when nobody holds it. */
  async pass(call: CallName, moment: CallMoment): Promise<void> {
    const name = `${moment} ${call}`;
    const [gate] = this.#gates.get(name) ?? [];
    if (gate === undefined) return;
    this.#forget(name, gate);
    gate.reach();
    await gate.opened;
  }

  #forget(name: string, gate: Gate): void {
    const others = (this.#gates.get(name) ?? []).filter((other) => other !== gate);
    if (others.length > 0) this.#gates.set(name, others);
    else this.#gates.delete(name);
  }
}
