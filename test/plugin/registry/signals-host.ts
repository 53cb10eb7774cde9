// A host in a process of its own, for signals.test.ts. Says "ready", then waits for a signal.
import { background } from "../../../src/core/context.js";
import { PluginRegistry } from "../../../src/plugin/plugin-registry.js";
import { RecordingPlugin } from "./recording-plugin.js";

const how = process.argv[2];

const alive = setInterval(() => undefined, 1000);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const stops: Readonly<Record<string, () => Promise<void>>> = {
  clean: async () => undefined,
  // As a timer of the product: it keeps no process alive by itself.
  slow: () => {
    clearInterval(alive);
    return new Promise((resolve) => setTimeout(resolve, 50).unref());
  },
  hanging: () => new Promise(() => undefined),
  failing: () => Promise.reject(new Error("the disk is gone")),
};

const registry = new PluginRegistry().register(
  new RecordingPlugin([], "low", { stop: async () => say("stop low") }),
  new RecordingPlugin([], "high", {
    requires: ["low"],
    stop: async () => {
      say("stop high");
      await stops[how ?? ""]?.();
    },
  }),
);
await registry.start(background());
const uninstall = registry.handleSignals();
if (how === "uninstalled") uninstall();
say("ready");
