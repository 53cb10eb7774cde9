/** Rekeys a store, and tells each page that it has gone through; or adds to a counter in it until the test ends it. */
import { background, openStorage, type StorageSettings } from "../../../src/index.js";
import { taskOf, tell } from "../../support/store-process.js";

export interface RekeyingTask {
  readonly settings: StorageSettings;
  /** Stops for good after the first page that it has rewritten. */
  readonly hangs: boolean;
}

const { settings, hangs } = taskOf<RekeyingTask>();
await using storage = await openStorage(settings);
const result = await storage.rekey(background(), {
  onProgress: async ({ rewritten }) => {
    if (!hangs || rewritten === 0) return;
    tell(rewritten);
    await new Promise(() => undefined);
  },
});
tell(result);
