import { setTimeout as delay } from "node:timers/promises";
import type { StoreServer } from "../stores.js";

const ATTEMPTS = 50;
const PAUSE_MS = 100;

/** Kills a server by SIGKILL and starts it again on its data. */
export async function restarted(server: StoreServer): Promise<StoreServer> {
  await server.process?.stop("SIGKILL");
  for (let attempt = 1; ; attempt++) {
    try {
      return (await server.restart?.()) ?? server;
    } catch (error) {
      // Processes of the dead server may hold its memory for a moment.
      if (attempt === ATTEMPTS) throw error;
      await delay(PAUSE_MS);
    }
  }
}
