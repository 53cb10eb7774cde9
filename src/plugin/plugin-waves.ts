import type { Context } from "../core/context.js";
import type { PluginError } from "./plugin-error.js";
import type { PluginLifecycle, PluginPhase } from "./plugin-lifecycle.js";

/** Plugins in the order of their dependencies; those of one wave are independent. */
export type Waves = readonly (readonly PluginLifecycle[])[];

/** What a phase does with one plugin. */
export type PhaseWork = (lifecycle: PluginLifecycle, ctx: Context) => Promise<void>;

/**
 * Runs `init` or `start` wave by wave. The first wave in which something fails is the last: its other plugins are
 * waited for, the waves behind it are left out.
 *
 * @returns what failed.
 */
export async function runUp(
  waves: Waves,
  phase: "init" | "start",
  ctx: Context,
  timeoutMs: number,
  work: PhaseWork,
): Promise<readonly PluginError[]> {
  for (const wave of waves) {
    const errors = await runWave(wave, phase, ctx, timeoutMs, work);
    if (errors.length > 0) return errors;
  }
  return [];
}

/**
 * Stops wave by wave, in reverse, whatever was initialised, whether it works or has failed. Goes on past failures.
 *
 * @returns what failed.
 */
export async function runDown(
  waves: Waves,
  ctx: Context,
  timeoutMs: number,
): Promise<readonly PluginError[]> {
  const errors: PluginError[] = [];
  for (const wave of waves.toReversed()) {
    const stoppable = wave.filter((lifecycle) => lifecycle.can("stop"));
    errors.push(
      ...(await runWave(stoppable, "stop", ctx, timeoutMs, ({ plugin }, bounded) => plugin.stop(bounded))),
    );
  }
  return errors;
}

async function runWave(
  wave: readonly PluginLifecycle[],
  phase: PluginPhase,
  ctx: Context,
  timeoutMs: number,
  work: PhaseWork,
): Promise<readonly PluginError[]> {
  const results = await Promise.allSettled(
    wave.map((lifecycle) => lifecycle.run(phase, ctx, timeoutMs, (bounded) => work(lifecycle, bounded))),
  );
  return results.flatMap((result) => (result.status === "rejected" ? [result.reason as PluginError] : []));
}
