// A host with nothing to do but wait for a plugin that hangs, for hanging-plugin.test.ts. Says how its calls end.
import { background, type Context } from "../../../src/core/context.js";
import { hostConfig } from "../../../src/plugin/config/host-config.js";
import type { Health, ReconfigureOutcome } from "../../../src/plugin/plugin.js";
import { PluginRegistry } from "../../../src/plugin/plugin-registry.js";
import { RecordingPlugin } from "./recording-plugin.js";

const where = process.argv[2] ?? "";
const journal: string[] = [];
const never = () => new Promise<never>(() => undefined);

class Hanging extends RecordingPlugin {
  async health(): Promise<Health> {
    return where === "health" ? never() : { status: "up" };
  }

  async reconfigure(): Promise<ReconfigureOutcome> {
    return where === "reconfigure" ? never() : "applied";
  }
}

const registry = new PluginRegistry({
  timeouts: { init: 50, start: 50, stop: 50, health: 50 },
}).register(
  new RecordingPlugin(journal, "low"),
  new Hanging(journal, "high", { requires: ["low"], [where]: never }),
);

async function done(call: Promise<unknown>): Promise<string> {
  await call;
  return "done";
}

const calls: readonly (readonly [string, (ctx: Context) => Promise<string>])[] = [
  ["start", (ctx) => done(registry.start(ctx))],
  ["health", async (ctx) => (await registry.health(ctx)).status],
  ["reconfigure", (ctx) => done(registry.reconfigure(ctx, hostConfig({ high: 1 })))],
  ["stop", (ctx) => done(registry.stop(ctx))],
];
for (const [name, call] of calls) {
  try {
    process.stdout.write(`${name}: ${await call(background())}\n`);
  } catch (error) {
    process.stdout.write(`${name}: ${(error as Error).message}\n`);
    if (name === "start") break;
  }
}
process.stdout.write(`${journal.filter((line) => line.startsWith("stop")).join(", ")}\n`);
