import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { ROOT } from "../../architecture/source-tree.js";
import { compiledProgram } from "../../support/compiled-program.js";
import { missing } from "../../support/fixtures.js";
import { STORES } from "../../support/stores.js";
import type { WatchingTask } from "./watching-process.js";

const PROGRAM = new URL("watching-process.ts", import.meta.url);
/** Time for a process that is over to end. */
const LIMIT_MS = 60_000;
const run = promisify(execFile);

const SEEN: readonly (readonly [WatchingTask["end"], string])[] = [
  ["change", "set a"],
  ["return", "nothing"],
  ["stop", "closed"],
];

describe("a process that only watches", function () {
  this.timeout(2 * LIMIT_MS);

  // The others have a connection, which keeps a process alive until the store is closed.
  for (const kind of STORES.filter(({ served }) => served === undefined)) {
    for (const [end, seen] of SEEN) {
      it(`lives until the watch ends by ${end}, and no longer, on ${kind.name}`, async function () {
        const store = await kind.fresh();
        if (store === undefined) return missing(this, kind.needs ?? kind.name);
        try {
          const task: WatchingTask = { settings: store.settings, end };
          const program = [compiledProgram(PROGRAM), JSON.stringify(task)];
          const { stdout } = await run(process.execPath, program, { cwd: ROOT, timeout: LIMIT_MS });
          expect(stdout).to.equal(`${seen}\n`);
        } finally {
          await store.destroy();
        }
      });
    }
  }
});
