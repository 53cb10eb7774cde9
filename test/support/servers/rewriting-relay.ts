import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A server as it is, but for a text in its answers. */
export interface RewritingRelay {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Passes everything on to a server at a port of loopback, and replaces a text in what it answers: how a server of another
 * version looks. Both texts are of one length, as protocols count bytes.
 */
export async function startRewritingRelay(port: number, text: string, by: string): Promise<RewritingRelay> {
  if (text.length !== by.length) throw new RangeError(`${text} and ${by} differ in length`);
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        server.destroy();
      });
    }
    client.on("data", (chunk) => server.write(chunk));
    server.on("data", (chunk) => {
      client.write(Buffer.from(chunk.toString("latin1").replaceAll(text, by), "latin1"));
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return {
    port: (relay.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => relay.close(() => resolve()));
    },
  };
}
