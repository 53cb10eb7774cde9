import type { Context } from "../../../src/core/context.js";
import type { InjectionToken } from "../../../src/plugin/di.js";
import type { Plugin, PluginHost, Requirement } from "../../../src/plugin/plugin.js";

type Phase = "init" | "start" | "stop";

/** What a plugin does in a phase beyond writing it down. */
type Behaviour = (ctx: Context, host: PluginHost | undefined) => void | Promise<void>;

interface Traits {
  readonly requires?: readonly Requirement[];
  readonly provides?: readonly InjectionToken<unknown>[];
  readonly init?: Behaviour;
  readonly start?: Behaviour;
  readonly stop?: Behaviour;
}

/** A plugin that writes down every call in a journal shared by the plugins of a test. */
export class RecordingPlugin implements Plugin {
  readonly id: string;
  readonly version = "1.0.0";
  readonly requires: readonly Requirement[];
  readonly provides: readonly InjectionToken<unknown>[];
  readonly #journal: string[];
  readonly #traits: Traits;

  constructor(journal: string[], id: string, traits: Traits = {}) {
    this.id = id;
    this.requires = traits.requires ?? [];
    this.provides = traits.provides ?? [];
    this.#journal = journal;
    this.#traits = traits;
  }

  async init(ctx: Context, host: PluginHost): Promise<void> {
    await this.#act("init", ctx, host);
  }

  async start(ctx: Context): Promise<void> {
    await this.#act("start", ctx);
  }

  async stop(ctx: Context): Promise<void> {
    await this.#act("stop", ctx);
  }

  async #act(phase: Phase, ctx: Context, host?: PluginHost): Promise<void> {
    this.#journal.push(`${phase} ${this.id}`);
    await this.#traits[phase]?.(ctx, host);
    this.#journal.push(`${phase} ${this.id} done`);
  }
}

/** Begins and ends without the ends: what was called, in order. */
export function callsOf(journal: readonly string[]): readonly string[] {
  return journal.filter((line) => !line.endsWith("done"));
}
