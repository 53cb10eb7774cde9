/** One of several processes that push to one list, count in one counter and in one field of a hash. */
import { background, openStorage, type StorageSettings } from "../../src/index.js";
import { taskOf, tell } from "../support/store-process.js";

export interface PushingTask {
  readonly settings: StorageSettings;
  /** Begins what it pushes. */
  readonly name: string;
  readonly tasks: number;
  /** By each task. */
  readonly rounds: number;
}

const ctx = background();
const { settings, name, tasks, rounds } = taskOf<PushingTask>();
await using storage = await openStorage(settings);
await Promise.all(
  Array.from({ length: tasks }, async (_, task) => {
    for (let round = 0; round < rounds; round++) {
      await storage.list("list").rpush(ctx, [name, task, round]);
      await storage.counter("counter").incr(ctx);
      await storage.hash("hash").hincrby(ctx, name);
    }
  }),
);
tell("pushed");
