// A host with a store that is saved only on flush and stop, for signals.test.ts. Writes once and waits for a signal.
import { background, StoragePlugin } from "holdfast";
import { hostConfig, PluginRegistry } from "holdfast/plugin";

const path = process.argv[2] ?? "";
const storage = new StoragePlugin();
const config = hostConfig({ storage: { backend: "file", file_path: path, auto_save: false } });
const registry = new PluginRegistry({ config }).register(storage);
await registry.start(background());
registry.handleSignals();
await storage.set(background(), "unsaved", "until the signal");
setInterval(() => undefined, 1000);
process.stdout.write("ready\n");
