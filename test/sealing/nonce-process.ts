/** One of several processes that encrypt the same value with the same key: tells which nonces that took. */
import { taskOf, tell } from "../support/store-process.js";
import { takenNonces } from "./taken-nonces.js";

export interface NonceTask {
  readonly count: number;
}

tell(takenNonces(taskOf<NonceTask>().count));
