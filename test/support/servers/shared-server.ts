import { atEndOfTests } from "../fixtures.js";

/** A server that one test run shares: started when first asked for, stopped after the last test. */
export interface RunningServer {
  stop(): Promise<void>;
}

/**
 * Makes a getter of one server. Where `start` answers undefined the programs are missing; the caller then leaves its
 * suite out with `missing`.
 */
export function sharedServer<S extends RunningServer>(
  start: () => Promise<S | undefined>,
): () => Promise<S | undefined> {
  let started: Promise<S | undefined> | undefined;
  return () => {
    if (started === undefined) {
      const server = start();
      started = server;
      atEndOfTests(async () => (await server)?.stop());
    }
    return started;
  };
}
