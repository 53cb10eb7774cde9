import { withTimeout, type Context } from "../core/context.js";
import { quoteName, StorageFault } from "../core/errors.js";
import { systemTimers } from "../core/runtime.js";
import type { Plugin } from "./plugin.js";
import { messageOf, PluginError, type PluginErrorReason } from "./plugin-error.js";
import type { PluginEventEmitter } from "./plugin-events.js";
import { nextState, type PluginState, type PluginTransition } from "./plugin-state.js";

export type PluginPhase = "init" | "start" | "stop";

const PHASE_WORDS: Readonly<Record<PluginPhase, string>> = {
  init: "initialise",
  start: "start",
  stop: "stop",
};

const NOTHING = (): void => undefined;

/** One plugin and where it stands: moves through the state table, in bounded time, telling listeners. */
export class PluginLifecycle {
  readonly plugin: Plugin;
  readonly #events: PluginEventEmitter;
  #state: PluginState = "registered";

  constructor(plugin: Plugin, events: PluginEventEmitter) {
    this.plugin = plugin;
    this.#events = events;
  }

  get state(): PluginState {
    return this.#state;
  }

  /** Whether a phase may begin now. */
  can(phase: PluginPhase): boolean {
    return nextState(this.#state, phase) !== undefined;
  }

  /**
   * Runs a phase. `work` is always called, even when the context is over already: a stop has to be tried. When it does
   * not end in time it is given up on, and what becomes of it is not looked at.
   *
   * @throws PluginError with the failure as its cause.
   */
  async run(
    phase: PluginPhase,
    ctx: Context,
    timeoutMs: number,
    work: (ctx: Context) => Promise<void>,
  ): Promise<void> {
    this.#move(phase);
    try {
      await within(ctx, timeoutMs, work);
    } catch (cause) {
      const error = phaseError(this.plugin.id, phase, cause);
      this.#move("fail");
      this.#events.emit("error", { plugin: this.plugin.id, error });
      throw error;
    }
    this.#move("succeed");
  }

  #move(transition: PluginTransition): void {
    const from = this.#state;
    const to = nextState(from, transition);
    if (to === undefined) {
      const message = `plugin ${quoteName(this.plugin.id)} is ${from} and cannot ${transition}`;
      throw new PluginError("misuse", message, { plugin: this.plugin.id });
    }
    this.#state = to;
    this.#events.emit("state", { plugin: this.plugin.id, from, to });
  }
}

/**
 * Runs `work` under a deadline and stops waiting for it when the deadline passes or the context is over. The process
 * stays alive until then, whatever else there is to do in it: a plugin that hangs must not end the host in silence.
 */
export async function within<T>(
  ctx: Context,
  timeoutMs: number,
  work: (ctx: Context) => Promise<T>,
): Promise<T> {
  const [bounded, cancel] = withTimeout(ctx, timeoutMs);
  // The timer of a context keeps no process alive.
  const letGo = systemTimers.after(Infinity, NOTHING, true);
  let forget = NOTHING;
  const over = new Promise<never>((_, reject) => {
    forget = bounded.onDone(() => {
      const fault = bounded.err();
      if (fault !== undefined) reject(fault);
    });
  });
  try {
    return await Promise.race([startNow(work, bounded), over]);
  } finally {
    forget();
    cancel();
    letGo();
  }
}

/** Turns what a plugin throws before its first `await` into a rejection, whether or not its method is async. */
async function startNow<T>(work: (ctx: Context) => Promise<T>, ctx: Context): Promise<T> {
  return work(ctx);
}

function phaseError(id: string, phase: PluginPhase, cause: unknown): PluginError {
  const reason = reasonOf(cause);
  const [plugin, verb] = [quoteName(id), PHASE_WORDS[phase]];
  const message =
    reason === "timeout"
      ? `plugin ${plugin} did not ${verb} in time; raise its time limit, or see what it waits for`
      : `plugin ${plugin} failed to ${verb}: ${messageOf(cause)}`;
  return new PluginError(reason, message, { plugin: id, cause });
}

function reasonOf(cause: unknown): PluginErrorReason {
  const reason = cause instanceof StorageFault ? cause.reason : undefined;
  return reason === "timeout" || reason === "cancelled" ? reason : "failed";
}
