import { expect } from "chai";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { background, openStorage } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { postgresServer } from "../../support/servers/postgres-server.js";
import { freshTable } from "../../support/table-shelf.js";

const ctx = background();
const CANARY = "late-canary";
const LATE_MS = 700;

/** Passes everything on, but for the first request with the canary: its client is cut off, and the server gets it later. */
async function startLateRelay(port: number) {
  const sockets = new Set<Socket>();
  let isArmed = true;
  let delivered: Promise<void> | undefined;
  const deliver = async (server: Socket, request: Buffer): Promise<void> => {
    await delay(LATE_MS);
    server.write(request);
    await delay(LATE_MS);
    server.destroy();
  };
  const relay = createServer((client) => {
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) sockets.add(socket.on("error", () => undefined));
    client.on("data", (request) => {
      if (!isArmed || !request.includes(CANARY)) return void server.write(request);
      isArmed = false;
      delivered = deliver(server, request);
      client.destroy();
    });
    server.on("data", (answer) => void client.write(answer));
    server.on("close", () => client.destroy());
    client.on("close", () => {
      if (delivered === undefined) server.destroy();
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return {
    port: (relay.address() as AddressInfo).port,
    delivered: () => delivered,
    close: () => {
      for (const socket of sockets) socket.destroy();
      relay.close();
    },
  };
}

describe("a commit that reaches postgres after its connection was lost", () => {
  for (const [style, zone] of [
    ["ISO", "UTC"],
    ["German", "Asia/Kolkata"],
    ["SQL", "Asia/Shanghai"],
  ] as const) {
    it(`takes nothing from those that were acknowledged since, where dates are written as ${style} in ${zone}`, async function () {
      const server = await postgresServer();
      if (server === undefined) return missing(this, "postgresql");
      const relay = await startLateRelay(server.port);
      const url = new URL(server.url.replace(`:${server.port}`, `:${relay.port}`));
      url.searchParams.set("options", `-c DateStyle=${style} -c TimeZone=${zone}`);
      const postgres = { url: url.href, table: freshTable() };
      const storage = await openStorage({
        backend: "postgres",
        operation_timeout: "5s",
        cache_size: 0,
        postgres,
      });
      try {
        await storage.set(ctx, "key", 0);
        await storage.set(ctx, "key", CANARY);
        await storage.set(ctx, "key", 2);
        expect(relay.delivered()).to.not.equal(undefined);
        await relay.delivered();
        expect(await storage.get(ctx, "key")).to.equal(2);
      } finally {
        await storage.stop();
        relay.close();
      }
    });
  }
});
