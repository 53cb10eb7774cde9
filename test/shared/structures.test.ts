import { expect } from "chai";
import { background, openStorage } from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { StoreProcess } from "../support/store-process.js";
import { SHARED_STORES } from "../support/stores.js";
import type { PushingTask } from "./pushing-process.js";

const ctx = background();
const PROGRAM = new URL("pushing-process.ts", import.meta.url);
const [TASKS, ROUNDS] = [8, 15];
const NAMES = ["one", "two"];

describe("structures that two processes change at once", function () {
  this.timeout(200_000);

  for (const kind of SHARED_STORES) {
    it(`are exact on ${kind.name}`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      const storage = await openStorage(store.settings);
      const processes = NAMES.map((name) => {
        const task: PushingTask = { settings: store.settings, name, tasks: TASKS, rounds: ROUNDS };
        return new StoreProcess(PROGRAM, task);
      });
      try {
        await Promise.all(processes.map((process) => process.next()));
        const each = TASKS * ROUNDS;
        expect(await storage.counter("counter").get(ctx)).to.equal(2 * each);
        const fields = Object.fromEntries(await storage.hash("hash").hgetall(ctx));
        expect(fields).to.deep.equal({ one: each, two: each });
        const list = storage.list<[name: string, task: number, round: number]>("list");
        const pushed = await list.lrange(ctx, 0, -1);
        expect(pushed).to.have.length(2 * each);
        for (const name of NAMES) {
          for (let task = 0; task < TASKS; task++) {
            const rounds = pushed.filter(([by, which]) => by === name && which === task);
            expect(rounds.map(([, , round]) => round)).to.deep.equal(
              Array.from({ length: ROUNDS }, (_, i) => i),
            );
          }
        }
      } finally {
        await Promise.all(processes.map((process) => process.end()));
        await storage.stop();
        await store.destroy();
      }
    });
  }
});
