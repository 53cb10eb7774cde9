import { expect } from "chai";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { TcpProxy } from "./tcp-proxy.js";

/** A connection that keeps what it was answered. */
class TestClient {
  readonly socket: Socket;
  readonly ended: Promise<string>;
  received = "";

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port });
    this.socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      this.socket.once("end", () => resolve("end"));
    });
  }

  async until(text: string): Promise<void> {
    while (this.received !== text) await delay(1);
  }
}

/** Answers with what it was sent. */
async function echoServer(seen: { text: string }): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      seen.text += chunk.toString();
      socket.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("TcpProxy", () => {
  let seen: { text: string };
  let server: Server;
  let proxy: TcpProxy;
  let client: TestClient;

  beforeEach(async () => {
    seen = { text: "" };
    server = await echoServer(seen);
    proxy = await TcpProxy.start({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
    client = new TestClient(proxy.port);
  });

  afterEach(async () => {
    client.socket.destroy();
    await proxy.stop();
    server.close();
  });

  it("passes on what goes both ways, and the end", async () => {
    client.socket.write("hello");
    await client.until("hello");
    client.socket.end();
    expect(await client.ended).to.equal("end");
  });

  it("keeps the order when a delay ends while something is on its way", async () => {
    proxy.delay(60);
    client.socket.write("late ");
    while (seen.text === "") await delay(1);
    proxy.heal();
    client.socket.write("early");
    await client.until("late early");
    expect(seen.text).to.equal("late early");
  });

  it("resets every connection", async () => {
    client.socket.write("hello");
    await client.until("hello");
    expect(proxy.reset()).to.equal(1);
    expect(await client.ended).to.equal("ECONNRESET");
    expect(proxy.open).to.equal(0);
  });

  it("resets a connection whose server resets it", async () => {
    server.removeAllListeners("connection").on("connection", (socket) => socket.resetAndDestroy());
    const other = new TestClient(proxy.port);
    expect(await other.ended).to.equal("ECONNRESET");
  });

  it("refuses new connections until healed", async () => {
    proxy.refuse();
    expect(await client.ended).to.equal("ECONNRESET");
    expect(await new TestClient(proxy.port).ended).to.equal("ECONNRESET");
    proxy.heal();
    client = new TestClient(proxy.port);
    client.socket.write("again");
    await client.until("again");
  });

  it("is a blackhole until healed, and then passes on what was held back", async () => {
    client.socket.write("hello");
    await client.until("hello");
    proxy.blackhole();
    client.socket.write(" you");
    await delay(30);
    expect(seen.text).to.equal("hello");
    proxy.heal();
    await client.until("hello you");
  });

  it("holds back answers alone", async () => {
    proxy.hold("answers");
    client.socket.write("hello");
    while (seen.text !== "hello") await delay(1);
    await delay(20);
    expect(client.received).to.equal("");
    proxy.heal();
    await client.until("hello");
  });

  it("holds back requests alone", async () => {
    proxy.hold("requests");
    client.socket.write("hello");
    await delay(30);
    expect(seen.text).to.equal("");
  });

  it("delays in order", async () => {
    proxy.delay(20);
    const start = performance.now();
    client.socket.write("one");
    await delay(5);
    client.socket.write("two");
    await client.until("onetwo");
    expect(performance.now() - start).to.be.at.least(38);
  });

  for (const bytes of [0, 1, 4, 7]) {
    it(`cuts an answer after ${bytes} bytes`, async () => {
      const cut = proxy.cutNext("answers", bytes);
      client.socket.write("abcdefgh");
      await cut;
      // An end when the machine was too busy to read the last bytes before the reset.
      expect(await client.ended).to.be.oneOf(["ECONNRESET", "end"]);
      expect(client.received).to.equal("abcdefgh".slice(0, bytes));
      expect(seen.text).to.equal("abcdefgh");
    });
  }

  it("cuts a request at a byte that comes in a later piece, on one connection only", async () => {
    const cut = proxy.cutNext("requests", 6);
    client.socket.write("abcd");
    await client.until("abcd");
    const other = new TestClient(proxy.port);
    other.socket.write("whole request");
    await other.until("whole request");
    client.socket.write("efgh");
    await cut;
    expect(await client.ended).to.be.oneOf(["ECONNRESET", "end"]);
    await delay(5);
    expect(seen.text).to.match(/^abcd.*ef$/);
    other.socket.destroy();
  });
});
