import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { background, openStorage, type StoragePlugin, type StorageSettings } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { askPostgres } from "../../support/postgres-client.js";
import { eventually, refusalOf, refusalToOpen } from "../../support/refusal.js";
import {
  startPostgres,
  startPostgresStandby,
  type PostgresServer,
} from "../../support/servers/postgres-server.js";
import { freshTable } from "../../support/table-shelf.js";

const ctx = background();

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = performance.now() + 30_000; !(await holds()); await delay(50)) {
    if (performance.now() > giveUpAt) throw new Error("it does not come true");
  }
}

describe("a hot standby of postgres", function () {
  this.timeout(180_000);
  let primary: PostgresServer;
  let standby: PostgresServer | undefined;
  const opened: StoragePlugin[] = [];

  before(async function () {
    const started = await startPostgres();
    if (started === undefined) return missing(this, "postgresql");
    primary = started;
  });

  after(async () => {
    for (const storage of opened) await storage.stop();
    await standby?.stop();
    await primary?.stop();
  });

  function settings({ url }: PostgresServer, table: string): StorageSettings {
    return {
      backend: "postgres",
      operation_timeout: "10s",
      ttl_cleanup_interval: "100ms",
      postgres: { url, table, pool: 2 },
    };
  }

  async function open(server: PostgresServer, table: string): Promise<StoragePlugin> {
    const storage = await openStorage(settings(server, table), { warn: () => undefined });
    opened.push(storage);
    return storage;
  }

  it("answers reads, follows its primary, takes no writes, and takes them once it is promoted", async () => {
    const table = freshTable();
    const written = await open(primary, table);
    await written.set(ctx, "kept", 1);
    standby = await startPostgresStandby(primary);
    const server = standby;

    const storage = await eventually(() => open(server, table));
    expect(await storage.get(ctx, "kept")).to.equal(1);
    await written.set(ctx, "later", 2);
    await storage.flush(ctx);
    await until(async () => (await storage.getOr(ctx, "later", 0)) === 2);
    expect(await refusalOf(storage.set(ctx, "a", 1))).to.deep.equal({ code: 5002, reason: "read-only" });
    expect(await refusalOf(storage.delete(ctx, "kept"))).to.deep.equal({ code: 5002, reason: "read-only" });
    expect(await refusalOf(storage.transact(ctx, (tx) => tx.set("a", 1)))).to.deep.equal({
      code: 5002,
      reason: "read-only",
    });
    expect(await refusalToOpen(settings(server, freshTable()))).to.deep.equal({
      code: 5001,
      reason: "read-only",
    });

    await primary.process?.stop("SIGQUIT");
    await askPostgres(server.url, "SELECT pg_promote()");
    await eventually(() => storage.set(ctx, "a", 1));
    await storage.set(ctx, "brief", 1, 1);
    expect(await storage.get(ctx, "a")).to.equal(1);
    expect(await storage.get(ctx, "kept")).to.equal(1);
    // What has expired is removed again, too.
    await until(async () => {
      const [row] = await askPostgres(server.url, `SELECT count(*)::int AS n FROM ${table}`);
      return row?.["n"] === 3;
    });
    const other = await open(server, table);
    expect([...(await other.getBatch(ctx, ["a", "kept", "later"])).values()]).to.deep.equal([1, 1, 2]);
  });
});
