import { expect } from "chai";
import type { StorageSettings } from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { TcpProxy } from "../support/servers/tcp-proxy.js";
import { SERVED_STORES, SHARED_STORES } from "../support/stores.js";
import { measureStaleness, type Staleness } from "./measure-staleness.js";

/** As configured by default; a read that began later than this after a commit must see it. */
const BOUND_MS = 1000;
const WRITES = 150;

function print({ worstMs, report }: Staleness): void {
  const { reads, hits, failed } = report;
  console.log(
    `        at most ${worstMs} ms behind; ${reads} reads, ${hits} from the cache, ${failed} failed`,
  );
}

function check({ worstMs, report }: Staleness): void {
  expect(worstMs).to.be.at.most(BOUND_MS);
  expect(report.steppedBack, "reads that went back in time").to.equal(0);
  expect(report.hits, "a reader that never used its cache shows nothing").to.be.above(100);
}

describe("the cache of another process", function () {
  this.timeout(60_000);

  for (const kind of SHARED_STORES) {
    it(`is at most ${BOUND_MS} ms behind on ${kind.name}`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      try {
        const { settings } = store;
        const staleness = await measureStaleness({ writer: settings, reader: settings, writes: WRITES });
        print(staleness);
        check(staleness);
        expect(staleness.report.failed).to.equal(0);
      } finally {
        await store.destroy();
      }
    });
  }

  for (const kind of SERVED_STORES) {
    it(`is so too on ${kind.name} while its connections are reset, delayed and held back`, async function () {
      const store = await kind.fresh();
      const server = await kind.served.shared();
      if (store === undefined || server === undefined) return missing(this, kind.needs ?? kind.name);
      const proxy = await TcpProxy.start({ host: "127.0.0.1", port: server.port });
      try {
        const reader = throughPort(store.settings, server.port, proxy.port);
        const disturb = (write: number) => disturbances[write % disturbances.length]?.(proxy);
        const staleness = await measureStaleness({ writer: store.settings, reader, writes: WRITES, disturb });
        print(staleness);
        check(staleness);
      } finally {
        await proxy.stop();
        await store.destroy();
      }
    });
  }
});

/** One before each write; most writes go undisturbed, so that the reader gets to use its cache. */
const disturbances: readonly ((proxy: TcpProxy) => void)[] = Array.from({ length: 50 }, (_, write) => {
  if (write === 5) return (proxy) => void proxy.reset();
  if (write === 15) return (proxy) => proxy.hold("answers");
  if (write === 22) return (proxy) => proxy.heal();
  if (write === 30) return (proxy) => proxy.delay(30);
  if (write === 35) return (proxy) => proxy.heal();
  if (write === 40) return (proxy) => void proxy.cutNext("answers", 3);
  return () => undefined;
});

/** The same store at another port. */
function throughPort(settings: StorageSettings, from: number, to: number): StorageSettings {
  return JSON.parse(JSON.stringify(settings).replaceAll(`:${from}`, `:${to}`)) as StorageSettings;
}
