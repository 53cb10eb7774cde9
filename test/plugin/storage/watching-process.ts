/** A program that does nothing but watch, until what it watches for happens; prints it, and is over. */
import { setTimeout as delay } from "node:timers/promises";
import { background, openStorage, type StorageSettings } from "../../../src/index.js";

export interface WatchingTask {
  readonly settings: StorageSettings;
  /** How the watch ends: left at its first change, left while it waits, or by closing the store. */
  readonly end: "change" | "return" | "stop";
}

/** Longer than the process lives on by itself. */
const PAUSE_MS = 300;

const ctx = background();
const { settings, end } = JSON.parse(process.argv[2] as string) as WatchingTask;
const storage = await openStorage(settings);
const watch = storage.watch(ctx, "*")[Symbol.asyncIterator]();
const first = watch.next().then(
  ({ done, value }) => (done === true ? "nothing" : `${value.type} ${"key" in value ? value.key : ""}`),
  (error: unknown) => (error as { reason?: unknown }).reason,
);
// Of no account to whether the process lives: without the watch it is over before.
void delay(PAUSE_MS, undefined, { ref: false }).then(async () => {
  if (end === "change") await storage.set(ctx, "a", 1);
  if (end === "return") await watch.return?.();
  if (end === "stop") await storage.stop(ctx);
});
console.log(await first);
await watch.return?.();
