import { expect } from "chai";
import process from "node:process";
import { background, openStorage, type StoragePlugin, type StorageSettings } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { askPostgres } from "../../support/postgres-client.js";
import { messageOf, refusalToOpen } from "../../support/refusal.js";
import { freshTable } from "../../support/table-shelf.js";
import { startPostgres, type PostgresServer } from "../../support/servers/postgres-server.js";

const ctx = background();
/** Nothing but what is asked of the server goes into its log. */
const QUIET = ["wal_level=minimal", "max_wal_senders=0", "checkpoint_timeout=1h", "autovacuum=off"];

describe("durability on postgres", function () {
  this.timeout(60_000);
  let durable: PostgresServer;
  let unsynced: PostgresServer;
  let opened: StoragePlugin | undefined;

  before(async function () {
    const args = QUIET.flatMap((setting) => ["-c", setting]);
    const [first, second] = [await startPostgres({ durable: true, args }), await startPostgres()];
    if (first === undefined || second === undefined) return missing(this, "postgresql");
    [durable, unsynced] = [first, second];
    await signalLogWriter("SIGSTOP");
  });

  after(async () => {
    if (durable !== undefined) await signalLogWriter("SIGCONT");
    await durable?.stop();
    await unsynced?.stop();
  });

  afterEach(async () => {
    await opened?.stop();
    opened = undefined;
  });

  const settings = (server: PostgresServer, form: Partial<StorageSettings> = {}): StorageSettings => ({
    backend: "postgres",
    postgres: { url: server.url, table: freshTable() },
    ...form,
  });

  async function open(server: PostgresServer, form: Partial<StorageSettings>): Promise<StoragePlugin> {
    return (opened = await openStorage(settings(server, form)));
  }

  /** The process that flushes the log by and by: while it stands still, what is flushed was asked for. */
  async function signalLogWriter(signal: NodeJS.Signals): Promise<void> {
    const text = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'";
    process.kill(Number((await askPostgres(durable.url, text))[0]?.["pid"]), signal);
  }

  /** How many bytes of the log the server has not flushed. */
  async function unflushed(): Promise<number> {
    const text = "SELECT (pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn())::int AS bytes";
    return Number((await askPostgres(durable.url, text))[0]?.["bytes"]);
  }

  for (const form of [{ durability: "interval" }, { durability: "none" }, { auto_save: false }] as const) {
    it(`is none with ${JSON.stringify(form)} until flush or stop, which make the log durable`, async () => {
      const storage = await open(durable, form);
      expect((await storage.info(ctx)).durability).to.equal("none");
      await storage.flush(ctx);
      await storage.set(ctx, "a", 1);
      expect(await unflushed()).to.be.above(0);
      await storage.flush(ctx);
      expect(await unflushed()).to.equal(0);
      await storage.set(ctx, "a", 2);
      expect(await unflushed()).to.be.above(0);
      await storage.stop();
      expect(await unflushed()).to.equal(0);
    });
  }

  it("is made by flush where the server itself answers commits before they are durable", async () => {
    await askPostgres(durable.url, "ALTER ROLE holdfast SET synchronous_commit = off");
    try {
      const storage = await open(durable, {});
      expect((await storage.info(ctx)).durability).to.equal("none");
      await storage.set(ctx, "a", 1);
      expect(await unflushed()).to.be.above(0);
      await storage.flush(ctx);
      expect(await unflushed()).to.equal(0);
    } finally {
      await askPostgres(durable.url, "ALTER ROLE holdfast RESET synchronous_commit");
    }
  });

  it("is power by itself, and when it is asked for", async () => {
    for (const form of [{}, { durability: "power" }] as const) {
      const storage = await open(durable, form);
      expect((await storage.info(ctx)).durability).to.equal("power");
      await storage.set(ctx, "a", 1);
      expect(await unflushed()).to.equal(0);
      await storage.stop();
    }
  });

  it("is refused when the server holds less, before a table is made", async () => {
    const asked = settings(unsynced, { durability: "power" });
    expect(await refusalToOpen(asked)).to.deep.equal({ code: 5001, reason: "unsupported" });
    expect(await messageOf(openStorage(asked))).to.match(
      /durability power is asked for, but the server holds process; configure it with fsync = on/,
    );
    expect(
      await askPostgres(unsynced.url, `SELECT 1 FROM pg_tables WHERE tablename = '${asked.postgres?.table}'`),
    ).to.deep.equal([]);
    for (const form of [{}, { durability: "process" }] as const) {
      const storage = await open(unsynced, form);
      expect((await storage.info(ctx)).durability).to.equal("process");
      await storage.stop();
    }
  });
});
