import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { background, openStorage, type StoragePlugin, type StorageSettings } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { askMysql } from "../../support/mysql-client.js";
import { eventually, eventuallyRefused, messageOf, refusalOf, refusalToOpen } from "../../support/refusal.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { freshTable } from "../../support/table-shelf.js";
import { startMariadb, type MariadbServer } from "../../support/servers/mariadb-server.js";
import { startRewritingRelay } from "../../support/servers/rewriting-relay.js";
import { freePort } from "../../support/servers/server-process.js";

const ctx = background();
const MAX_CONNECTIONS = 14;
/** All tables in one file that does not grow beyond this: a full disk without a disk. */
const SMALL = ["--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:4M:autoextend:max:92M"];
const PLAIN_USER = "CREATE USER plain IDENTIFIED BY 'canary-of-the-tests'";

describe("a server of mysql that is not as it should be", function () {
  this.timeout(120_000);
  let server: MariadbServer;
  let opened: StoragePlugin | undefined;

  before(async function () {
    const started = await startMariadb({ args: [`--max-connections=${MAX_CONNECTIONS}`] });
    if (started === undefined) return missing(this, "mariadb-server");
    server = started;
  });

  after(async () => server?.stop());

  afterEach(async () => {
    await opened?.stop();
    opened = undefined;
  });

  function settings(mysql: Readonly<Record<string, unknown>> = {}): StorageSettings {
    return {
      backend: "mysql",
      operation_timeout: "5s",
      mysql: { url: server.url, table: freshTable(), pool: 2, ...mysql },
    };
  }

  async function open(mysql: Readonly<Record<string, unknown>> = {}): Promise<StoragePlugin> {
    opened = await openStorage(settings(mysql), { warn: () => undefined });
    await opened.set(ctx, "kept", 1);
    return opened;
  }

  it("is refused with a reason: a wrong password, nobody there, a host that is none", async () => {
    const wrong = server.url.replace("root@", "root:wrong@");
    const nobody = server.url.replace(`:${server.port}/`, `:${await freePort()}/`);
    const noHost = server.url.replace("127.0.0.1", "no-such-host.invalid");
    expect(await refusalToOpen(settings({ url: wrong }))).to.deep.equal({ code: 5001, reason: "denied" });
    for (const url of [nobody, noHost])
      expect(await refusalToOpen(settings({ url }))).to.deep.equal({ code: 5001, reason: "unavailable" });
  });

  it("is refused when it is too old", async () => {
    const [row] = await askMysql(server.url, "SELECT VERSION() AS version");
    const version = String(row?.["version"]);
    const relay = await startRewritingRelay(
      server.port,
      version,
      version.replace(/^\d+\.\d+/, "10.5.0").slice(0, version.length),
    );
    try {
      const url = server.url.replace(`:${server.port}`, `:${relay.port}`);
      expect(await refusalToOpen(settings({ url }))).to.deep.equal({ code: 5001, reason: "unsupported" });
    } finally {
      await relay.stop();
    }
  });

  it("is refused when it holds less than is asked for, and opened with what it holds otherwise", async () => {
    const [{ level } = {}] = await askMysql(server.url, "SELECT @@innodb_flush_log_at_trx_commit AS level");
    expect(Number(level)).to.equal(2);
    const asked = { ...settings(), durability: "power" } as const;
    expect(await refusalToOpen(asked)).to.deep.equal({ code: 5001, reason: "unsupported" });
    expect(await messageOf(openStorage(asked))).to.match(
      /durability power is asked for, but the server holds process; configure it with innodb_flush_log_at/,
    );
    for (const durability of ["process", "interval", "none", undefined] as const) {
      const storage = await openStorage({ ...settings(), ...(durability !== undefined && { durability }) });
      expect((await storage.info(ctx)).durability).to.equal("process");
      await storage.stop();
    }
  });

  for (const [name, value, usual] of [
    ["sql_select_limit", "20", "DEFAULT"],
    ["sql_select_limit", "1", "DEFAULT"],
    ["sql_safe_updates", "1", "0"],
    ["completion_type", "'CHAIN'", "'NO_CHAIN'"],
    ["completion_type", "'RELEASE'", "'NO_CHAIN'"],
    ["max_join_size", "1", "DEFAULT"],
    ["autocommit", "0", "1"],
    ["sql_mode", "'ANSI,NO_BACKSLASH_ESCAPES'", "DEFAULT"],
  ] as const) {
    it(`does the same when others find ${name} = ${value} there`, async () => {
      await askMysql(server.url, `SET GLOBAL ${name} = ${value}`);
      try {
        const storage = await open();
        await storage.setBatch(
          ctx,
          Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, "it's \\"])),
        );
        await storage.list("list").rpush(ctx, ...Array.from({ length: 50 }, (_, i) => i));
        expect((await storage.find(ctx, "k*")).size).to.equal(51);
        expect(await storage.keys(ctx, "k?")).to.have.length(10);
        expect(await storage.list("list").lrange(ctx, 0, -1)).to.have.length(50);
        expect(await storage.delete(ctx, "k1")).to.equal(true);
        expect(await storage.get(ctx, "k2")).to.equal("it's \\");
        await storage.clear(ctx);
        expect(await storage.count(ctx)).to.equal(0);
      } finally {
        await askMysql(server.url, `SET GLOBAL ${name} = ${usual}`);
      }
    });
  }

  it("takes no writes of a user without special rights while it is read-only, and again afterwards", async () => {
    await askMysql(server.url, PLAIN_USER);
    await askMysql(server.url, "GRANT ALL ON holdfast.* TO plain");
    const storage = await open({ url: server.url.replace("root@", "plain:canary-of-the-tests@") });
    await askMysql(server.url, "SET GLOBAL read_only = 1");
    try {
      expect(await refusalOf(storage.set(ctx, "a", 1))).to.deep.equal({ code: 5002, reason: "read-only" });
      expect(await storage.get(ctx, "kept")).to.equal(1);
    } finally {
      await askMysql(server.url, "SET GLOBAL read_only = 0");
    }
    await storage.set(ctx, "a", 1);
    expect(await storage.get(ctx, "a")).to.equal(1);
  });

  it("refuses who comes when it takes no more connections, not who is connected, and takes them again", async () => {
    // One connection, which a call waits for when it is busy, instead of asking for a second one.
    const storage = await open({ pool: 1 });
    const others: StoragePlugin[] = [];
    const more = async (): Promise<void> => {
      const other = await openStorage(settings(), { warn: () => undefined });
      others.push(other);
      await Promise.all(Array.from({ length: 4 }, (_, i) => other.getOr(ctx, `k${i}`, i)));
    };
    let refusal: unknown;
    for (let i = 0; i < 2 * MAX_CONNECTIONS && refusal === undefined; i++) {
      refusal = await more().then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    try {
      expect(refusal).to.include({ reason: "unavailable", retryable: true });
      await storage.set(ctx, "a", 1);
    } finally {
      for (const other of others) await other.stop();
    }
    await eventually(more);
    await others.at(-1)?.stop();
  });

  it("may be killed and started again: calls are refused meanwhile, and go on afterwards", async () => {
    const storage = await open();
    await server.process?.stop("SIGKILL");
    expect(await refusalOf(storage.set(ctx, "a", 1))).to.include({ code: 5002 });
    expect(await refusalOf(storage.count(ctx))).to.deep.equal({ code: 5001, reason: "unavailable" });
    server = (await server.restart?.()) as MariadbServer;
    await eventually(() => storage.set(ctx, "b", 2));
    expect(await storage.get(ctx, "kept")).to.equal(1);
  });

  it("says no-space when its table space is full, and keeps what was acknowledged (R8)", async () => {
    const small = (await startMariadb({ args: SMALL })) as MariadbServer;
    try {
      const storage = await open({ url: small.url });
      const written: string[] = [];
      let refusal: unknown;
      while (refusal === undefined && written.length < 300) {
        const key = `k${written.length}`;
        refusal = await storage.set(ctx, key, new Uint8Array(randomBytes(1_500_000))).then(
          () => void written.push(key),
          (error: unknown) => error,
        );
      }
      expect(refusal).to.include({ code: 5002, reason: "no-space" });
      expect(written).to.not.have.length(0);
      expect([...(await storage.getBatch(ctx, written)).keys()]).to.deep.equal(written);
      await storage.stop();
      opened = undefined;
    } finally {
      await small.stop();
    }
  });

  /** MariaDB 10.11 cannot roll back what found no room, and ends; its administrator makes room and starts it again. */
  it("keeps deadlines when the disk of its tables is full, and goes on once there is room and a server", async function () {
    const disk = mountSmallDisk(24);
    if (disk === undefined) return missing(this, "the right to mount a small disk");
    let own = (await startMariadb()) as MariadbServer;
    try {
      const [row] = await askMysql(own.url, "SELECT @@datadir AS folder");
      symlinkSync(disk.path, join(String(row?.["folder"]), "small"));
      const storage = await open({ url: own.url.replace(/holdfast$/, "small") });
      const written: string[] = [];
      let began = 0;
      const write = async (): Promise<void> => {
        const key = `k${written.length}`;
        began = performance.now();
        await storage.set(ctx, key, new Uint8Array(randomBytes(500_000)));
        written.push(key);
      };
      const refusal = await eventuallyRefused(write, 60_000);
      expect(performance.now() - began).to.be.below(15_000);
      expect(refusal.code).to.equal(5002);
      expect(refusal.reason).to.be.oneOf(["no-space", "timeout", "unavailable"]);
      expect(written).to.not.have.length(0);
      disk.resize(64);
      await eventually(async () => {
        if (own.process?.isRunning === false) own = (await own.restart?.()) as MariadbServer;
        await write();
      }, 60_000);
      expect([...(await storage.getBatch(ctx, written)).keys()]).to.deep.equal(written);
      await storage.stop();
      opened = undefined;
    } finally {
      await own.stop();
      disk.remove();
    }
  });
});
