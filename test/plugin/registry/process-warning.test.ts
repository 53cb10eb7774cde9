import { expect } from "chai";
import { warnProcess } from "../../../src/plugin/process-warning.js";
import { StoragePlugin } from "../../../src/plugin/storage-plugin.js";
import { BackendRegistry } from "../../../src/backends/registry.js";
import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";
import { background } from "../../../src/core/context.js";
import { StorageFault } from "../../../src/core/errors.js";

type Warning = Error & { readonly detail?: string };

/** The next warning of the process. */
function warningOf(tell: () => void): Promise<Warning> {
  const heard = new Promise<Warning>((resolve) => process.once("warning", resolve));
  tell();
  return heard;
}

describe("a warning of the process", () => {
  it("tells what failed and where, and nothing of what caused it or of larger details", async () => {
    const cause = new Error("a driver may quote a value: canary");
    const error = new StorageFault("no-space", "writing a.json failed (ENOSPC); free some", { cause });
    const details = { error, file: "a.json", after: 7, list: ["canary"], nothing: undefined };
    const warning = await warningOf(() => warnProcess("it goes on growing", details));
    expect(warning).to.include({
      name: "HoldfastWarning",
      message: "it goes on growing",
      detail: "error: writing a.json failed (ENOSPC); free some\nfile: a.json\nafter: 7",
    });
  });

  it("has no detail where there is none", async () => {
    expect(await warningOf(() => warnProcess("look out"))).not.to.have.property("detail");
  });

  it("tells it of a store without a host too", async () => {
    const backends = new BackendRegistry().with("warning", async () => (setup) => {
      setup.warn("files could not be removed", { error: new Error("EACCES") });
      return memoryBackend(setup);
    });
    const plugin = new StoragePlugin({ settings: { backend: "warning" }, backends });
    const warning = await warningOf(() => void plugin.start(background()));
    expect(warning).to.include({ message: "files could not be removed", detail: "error: EACCES" });
    await plugin.stop();
  });
});
