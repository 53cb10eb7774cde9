import type { Context } from "../core/context.js";
import { HEALTH_STATUSES, type Health, type HealthStatus } from "./plugin.js";
import { messageOf } from "./plugin-error.js";
import { within, type PluginLifecycle } from "./plugin-lifecycle.js";

/** How a host is doing. */
export interface HostHealth {
  /** The worst status among the plugins; `up` when there are none. */
  readonly status: HealthStatus;
  /** By plugin id, in the order of registration. */
  readonly plugins: ReadonlyMap<string, Health>;
}

/** Asks all plugins at the same time. One that does not answer in time, or rejects, is down. */
export async function hostHealth(
  ctx: Context,
  lifecycles: readonly PluginLifecycle[],
  timeoutMs: number,
): Promise<HostHealth> {
  const answers = await Promise.all(
    lifecycles.map(
      async (lifecycle) => [lifecycle.plugin.id, await healthOf(ctx, lifecycle, timeoutMs)] as const,
    ),
  );
  return { status: worst(answers.map(([, health]) => health.status)), plugins: new Map(answers) };
}

async function healthOf(
  ctx: Context,
  { plugin, state }: PluginLifecycle,
  timeoutMs: number,
): Promise<Health> {
  if (state !== "started") return { status: "down", message: `the plugin is ${state}` };
  try {
    return await within(
      ctx,
      timeoutMs,
      async (bounded) => (await plugin.health?.(bounded)) ?? { status: "up" },
    );
  } catch (error) {
    return { status: "down", message: messageOf(error) };
  }
}

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  const rank = Math.max(0, ...statuses.map((status) => HEALTH_STATUSES.indexOf(status)));
  return HEALTH_STATUSES[rank] as HealthStatus;
}
