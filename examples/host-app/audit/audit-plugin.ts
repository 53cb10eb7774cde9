import type { Context } from "holdfast";
import {
  ConfigError,
  STORAGE,
  token,
  type ConfigSection,
  type Plugin,
  type PluginHost,
} from "holdfast/plugin";
import { AuditLog } from "./audit-log.js";

export const AUDIT = token<AuditLog>("AUDIT");

const DEFAULT_KEEP = 100;

/** Keeps a log of what the host did, configured by its own section of host.yaml. */
export class AuditPlugin implements Plugin {
  readonly id = "audit";
  readonly version = "1.0.0";
  readonly requires = [STORAGE];
  readonly provides = [AUDIT];
  #log: AuditLog | undefined;
  #running = false;

  async init(_ctx: Context, host: PluginHost): Promise<void> {
    this.#log = new AuditLog(host.resolve(STORAGE), keepOf(host.config));
    host.provide(AUDIT, this.#log);
  }

  async start(ctx: Context): Promise<void> {
    await this.#log?.record(ctx, "the host started");
    this.#running = true;
  }

  /** The storage stops after this plugin, so it can still be written to; unless it never started. */
  async stop(ctx: Context): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#log?.record(ctx, "the host stopped");
  }
}

function keepOf(config: ConfigSection): number {
  const keep = (config.value as { readonly keep?: unknown } | undefined)?.keep ?? DEFAULT_KEEP;
  if (typeof keep === "number" && Number.isSafeInteger(keep) && keep > 0) return keep;
  const where = config.locate(["keep"]);
  const message = "not a number of events; give a whole number, 1 or more";
  throw new ConfigError([{ ...(where !== undefined && { where }), path: "audit.keep", message }]);
}
