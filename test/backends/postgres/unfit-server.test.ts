import { expect } from "chai";
import { chownSync, statSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { background, openStorage, type StoragePlugin, type StorageSettings } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { askPostgres } from "../../support/postgres-client.js";
import { eventually, eventuallyRefused, messageOf, refusalOf, refusalToOpen } from "../../support/refusal.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { freshTable } from "../../support/table-shelf.js";
import {
  POSTGRES_PASSWORD,
  startPostgres,
  type PostgresServer,
} from "../../support/servers/postgres-server.js";
import { startRewritingRelay } from "../../support/servers/rewriting-relay.js";
import { freePort } from "../../support/servers/server-process.js";

const ctx = background();
const MAX_CONNECTIONS = 12;

describe("a server of postgres that is not as it should be", function () {
  this.timeout(120_000);
  let server: PostgresServer;
  let opened: StoragePlugin | undefined;

  before(async function () {
    const started = await startPostgres({ args: ["-c", `max_connections=${MAX_CONNECTIONS}`] });
    if (started === undefined) return missing(this, "postgresql");
    server = started;
  });

  after(async () => server?.stop());

  afterEach(async () => {
    await opened?.stop();
    opened = undefined;
  });

  function settings(postgres: Readonly<Record<string, unknown>> = {}): StorageSettings {
    const own = { url: server.url, table: freshTable(), pool: 2, ...postgres };
    return { backend: "postgres", operation_timeout: "5s", postgres: own };
  }

  async function open(postgres: Readonly<Record<string, unknown>> = {}): Promise<StoragePlugin> {
    opened = await openStorage(settings(postgres), { warn: () => undefined });
    await opened.set(ctx, "kept", 1);
    return opened;
  }

  function ask(text: string) {
    return askPostgres(server.url, text);
  }

  it("does the same whatever others find set there", async () => {
    const url = new URL(server.url);
    url.searchParams.set(
      "options",
      "-c array_nulls=off -c standard_conforming_strings=off -c bytea_output=escape",
    );
    const storage = await open({ url: url.href });
    await storage.setBatch(ctx, { a: "it's \\", b: null });
    expect(await storage.find(ctx, "?")).to.deep.equal(
      new Map<string, unknown>([
        ["a", "it's \\"],
        ["b", null],
      ]),
    );
    await storage.list("list").rpush(ctx, 1, 2);
    await storage.clear(ctx);
    expect(await storage.count(ctx)).to.equal(0);
  });

  it("is refused with a reason: a wrong password, no such database, nobody there, a host that is none", async () => {
    const wrong = server.url.replace(POSTGRES_PASSWORD, "wrong");
    const nobody = server.url.replace(`:${server.port}/`, `:${await freePort()}/`);
    const nowhere = server.url.replace(/postgres$/, "nowhere");
    const noHost = server.url.replace("127.0.0.1", "no-such-host.invalid");
    expect(await refusalToOpen(settings({ url: wrong }))).to.deep.equal({ code: 5001, reason: "denied" });
    expect(await refusalToOpen(settings({ url: nowhere }))).to.deep.equal({ code: 5001, reason: "denied" });
    for (const url of [nobody, noHost])
      expect(await refusalToOpen(settings({ url }))).to.deep.equal({ code: 5001, reason: "unavailable" });
  });

  it("says whom it refuses and which options to look at, with a wrong password and without one", async () => {
    const wrong = server.url.replace(POSTGRES_PASSWORD, "wrong");
    expect(await messageOf(openStorage(settings({ url: wrong })))).to.match(
      /the server refuses this user; check postgres\.user and postgres\.password \(28P01: /,
    );
    const none = settings({ url: server.url.replace(`:${POSTGRES_PASSWORD}@`, "@") });
    expect(await refusalToOpen(none)).to.deep.equal({ code: 5001, reason: "denied" });
    expect(await messageOf(openStorage(none))).to.match(
      /the server asks for a password; give postgres\.password \(SASL: .*password must be a string\)$/,
    );
  });

  for (const part of ["", "_log", "_meta"]) {
    it(`is refused when a table ${part} of another program has the name, and left as it is`, async () => {
      const table = freshTable();
      await ask(`CREATE TABLE ${table}${part} (id integer)`);
      expect(await refusalToOpen(settings({ table }))).to.deep.equal({ code: 5003, reason: "foreign" });
      expect(await ask(`SELECT * FROM ${table}${part}`)).to.deep.equal([]);
    });
  }

  it("is refused when it is too old", async () => {
    const [row] = await ask("SHOW server_version_num");
    const relay = await startRewritingRelay(server.port, String(row?.["server_version_num"]), "120099");
    try {
      const url = server.url.replace(`:${server.port}`, `:${relay.port}`);
      expect(await refusalToOpen(settings({ url }))).to.deep.equal({ code: 5001, reason: "unsupported" });
    } finally {
      await relay.stop();
    }
  });

  it("takes no writes while it is read-only, answers reads, and takes them again afterwards", async () => {
    const storage = await open();
    await ask("ALTER SYSTEM SET default_transaction_read_only = on");
    await ask("SELECT pg_reload_conf()");
    try {
      const refusal = await eventuallyRefused(() => storage.set(ctx, "a", 1));
      expect(refusal).to.deep.equal({ code: 5002, reason: "read-only" });
      expect(await storage.get(ctx, "kept")).to.equal(1);
    } finally {
      await ask("ALTER SYSTEM RESET default_transaction_read_only");
      await ask("SELECT pg_reload_conf()");
    }
    await eventually(() => storage.set(ctx, "a", 1));
    expect(await storage.get(ctx, "a")).to.equal(1);
  });

  it("refuses who comes when it takes no more connections, not who is connected, and takes them again", async () => {
    // One connection, which a call waits for when it is busy, instead of asking for a second one.
    const storage = await open({ pool: 1 });
    const others: StoragePlugin[] = [];
    const more = async (): Promise<void> => {
      const other = await openStorage(settings(), { warn: () => undefined });
      others.push(other);
      await Promise.all(Array.from({ length: 4 }, (_, i) => other.set(ctx, `k${i}`, i)));
    };
    let refusal: unknown;
    for (let i = 0; i < MAX_CONNECTIONS && refusal === undefined; i++) {
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
    await server.process?.stop("SIGQUIT");
    expect(await refusalOf(storage.set(ctx, "a", 1))).to.include({ code: 5002 });
    expect(await refusalOf(storage.count(ctx))).to.deep.equal({ code: 5001, reason: "unavailable" });
    server = (await server.restart?.()) as PostgresServer;
    await eventually(() => storage.set(ctx, "b", 2));
    expect(await storage.get(ctx, "kept")).to.equal(1);
  });

  it("says no-space when its disk is full, keeps what was acknowledged, and goes on when there is room (R8)", async function () {
    const disk = mountSmallDisk(8);
    if (disk === undefined) return missing(this, "the right to mount a small disk");
    try {
      const { uid, gid } = statSync(`/proc/${server.process?.pid}`);
      chownSync(disk.path, uid, gid);
      await ask(`CREATE TABLESPACE small LOCATION '${disk.path}'`);
      await ask("ALTER DATABASE postgres SET default_tablespace = small");
      const storage = await open();
      const written: string[] = [];
      const write = async (): Promise<void> => {
        const key = `k${written.length}`;
        await storage.set(ctx, key, new Uint8Array(randomBytes(500_000)));
        written.push(key);
      };
      let refusal: unknown;
      while (refusal === undefined && written.length < 40) {
        refusal = await write().then(
          () => undefined,
          (error: unknown) => error,
        );
      }
      expect(refusal).to.include({ code: 5002, reason: "no-space" });
      expect(written).to.not.have.length(0);
      expect([...(await storage.getBatch(ctx, written)).keys()]).to.deep.equal(written);
      disk.resize(64);
      await eventually(write);
      await storage.stop();
      opened = undefined;
    } finally {
      await server.stop();
      disk.remove();
    }
  });
});
