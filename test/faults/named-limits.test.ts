import { expect } from "chai";
import { createServer, type AddressInfo } from "node:net";
import { background, openStorage, withTimeout, type Context } from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { messageOf } from "../support/refusal.js";
import { SERVED_STORES } from "../support/stores.js";
import { TcpProxy } from "../support/servers/tcp-proxy.js";

const ctx = background();
const LIMIT_MS = 600;
const LIMIT =
  /the server did not answer within operation_timeout \(600 ms\); check that it runs, its address/;

describe("what is said of a server that does not answer", function () {
  this.timeout(60_000);

  for (const { name, backend, served, needs } of SERVED_STORES) {
    it(`names operation_timeout on ${name} where the caller gave no deadline, and the caller's where it did`, async function () {
      const server = await served.start();
      if (server === undefined) return missing(this, needs ?? name);
      const proxy = await TcpProxy.start({ host: "127.0.0.1", port: server.port });
      const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
      const settings = { backend, ...served.settings(url), cache_size: 0 };
      try {
        await (await openStorage({ ...settings, operation_timeout: "30s" })).stop();
        const storage = await openStorage(
          { ...settings, operation_timeout: LIMIT_MS },
          { warn: () => undefined },
        );
        proxy.blackhole();
        const calls: ((its: Context) => Promise<unknown>)[] = [(its) => storage.get(its, "a")];
        calls.push((its) => storage.set(its, "a", 1));
        for (const call of calls) {
          expect(await messageOf(call(ctx))).to.match(LIMIT);
          const [its] = withTimeout(ctx, LIMIT_MS / 3);
          expect(await messageOf(call(its))).to.match(/the context's deadline has passed/);
        }
        proxy.heal();
        await storage.stop();
      } finally {
        await proxy.stop();
        await server.stop();
      }
    });

    it(`names operation_timeout where ${name} is asked at a port that says nothing`, async function () {
      const silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      try {
        const { port } = silent.address() as AddressInfo;
        const place = { [backend]: { url: `${backend}://127.0.0.1:${port}/0` } };
        const opening = openStorage({ backend, ...place, operation_timeout: LIMIT_MS });
        expect(await messageOf(opening)).to.match(LIMIT);
      } finally {
        silent.close();
      }
    });
  }
});
