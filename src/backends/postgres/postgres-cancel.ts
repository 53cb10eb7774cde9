import { connect } from "node:net";
import type { PgClient } from "./postgres-driver.js";

/** The code of a cancel request in PostgreSQL's protocol. */
const CANCEL_REQUEST = 80_877_102;
const GIVE_UP_AFTER_MS = 2000;

/**
 * Asks the server to end what it does for a connection, by a connection of its own, as its protocol wants it. Nobody
 * waits for it: the statement's own answer tells what came of it, and a server that cannot be asked has limits of its
 * own for the statement.
 */
export function requestCancel({ processID, secretKey, host, port }: PgClient): void {
  if (processID === null || secretKey === null) return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(CANCEL_REQUEST, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  socket.on("error", () => socket.destroy());
  socket.setTimeout(GIVE_UP_AFTER_MS, () => socket.destroy());
  socket.unref();
  socket.end(request);
}
