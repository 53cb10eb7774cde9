import { expect } from "chai";
import type { Backend, Batch, CommitResult, Write } from "../../../src/backends/backend.js";
import { mysqlBackend } from "../../../src/backends/mysql/mysql-backend.js";
import { background, withTimeout, type Context } from "../../../src/core/context.js";
import type { StorageFault } from "../../../src/core/errors.js";
import { systemRandom, systemRuntime } from "../../../src/core/runtime.js";
import { VersionSource } from "../../../src/core/version.js";
import { suiteSetup } from "../../../src/testing/backend-suite/suite-harness.js";
import { missing } from "../../support/fixtures.js";
import { askMysql } from "../../support/mysql-client.js";
import { MYSQL } from "../../support/mysql-harness.js";
import { startMariadb, type MariadbServer } from "../../support/servers/mariadb-server.js";
import { freePort } from "../../support/servers/server-process.js";
import { TcpProxy } from "../../support/servers/tcp-proxy.js";
import { freshTable } from "../../support/table-shelf.js";
import { faultOf } from "../../support/refusal.js";

const ctx = background();
const ids = new VersionSource(systemRandom);

/** The connection that holds the locks, once it does: a store that is opened sleeps for a moment, too. */
async function sleeperOf(url: string): Promise<number> {
  for (;;) {
    const rows = await askMysql(
      url,
      "SELECT id FROM information_schema.processlist WHERE state = 'User sleep' AND info LIKE '%SLEEP(600)%'",
    );
    const id = Object.values(rows[0] ?? {})[0];
    if (id !== undefined) return Number(id);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function put(key: string): Write {
  return { kind: "put", key, type: 1, expiry: undefined, codec: 0, data: key };
}

function batch(writes: readonly Write[], its: Context = ctx): Batch {
  return { id: ids.next(), ctx: its, namespace: "n", checks: [], ranges: [], writes };
}

async function commit(backend: Backend, ...batches: readonly Batch[]): Promise<CommitResult> {
  const [result] = await backend.commit(batches);
  return result as CommitResult;
}

function faultIn(result: CommitResult): StorageFault {
  if (result.status !== "fault") throw new Error(`a fault was expected, not ${result.status}`);
  return result.fault as StorageFault;
}

describe("a store of mysql", () => {
  let server: MariadbServer;
  let table: string;
  const open: Backend[] = [];

  before(async function () {
    const started = await startMariadb();
    if (started === undefined) return missing(this, "mariadb-server");
    server = started;
  });

  after(async () => {
    if (server !== undefined) await server.stop();
  });

  beforeEach(() => {
    table = freshTable();
  });

  afterEach(async () => {
    for (const backend of open.splice(0)) await backend.close(ctx);
    await MYSQL.dropTables(server.url, table);
  });

  function make(options: Readonly<Record<string, unknown>> = {}): Backend {
    const conditions = {
      runtime: systemRuntime,
      changes: { count: 1000, ageMs: 60_000 },
      sweepIntervalMs: 0,
    };
    const setup = { options: { url: server.url, table, pool: 2, ...options }, operationTimeoutMs: 5000 };
    return mysqlBackend(suiteSetup(conditions, setup));
  }

  async function opened(options: Readonly<Record<string, unknown>> = {}): Promise<Backend> {
    const backend = make(options);
    await backend.open(ctx);
    open.push(backend);
    return backend;
  }

  describe("is refused with a reason", () => {
    const cases = [
      ["a wrong password", "denied", () => ({ url: server.url.replace("root@", "root:wrong@") })],
      ["a database that is not there", "denied", () => ({ url: server.url.replace(/holdfast$/, "nowhere") })],
      ["no database", "denied", () => ({ url: server.url.replace(/holdfast$/, "") })],
    ] as const;
    for (const [what, reason, options] of cases) {
      it(`for ${what}`, async () => {
        expect((await faultOf(make(options()).open(ctx))).reason).to.equal(reason);
      });
    }

    it("where nobody listens", async () => {
      const url = server.url.replace(`:${server.port}`, `:${await freePort()}`);
      expect((await faultOf(make({ url }).open(ctx))).reason).to.equal("unavailable");
    });

    for (const part of ["", "_log", "_meta"]) {
      it(`when a table ${part} of another program has the name`, async () => {
        await askMysql(server.url, `CREATE TABLE ${table}${part} (id integer)`);
        expect((await faultOf(make().open(ctx))).reason).to.equal("foreign");
        expect(await askMysql(server.url, `SELECT * FROM ${table}${part}`)).to.deep.equal([]);
      });
    }

    it("when a later version made the tables", async () => {
      await opened();
      await askMysql(server.url, `UPDATE ${table}_meta SET value = '99' WHERE name = 'schema'`);
      expect((await faultOf(make().open(ctx))).reason).to.equal("newer-format");
    });
  });

  it("completes tables that a process left half made", async () => {
    await opened();
    await askMysql(server.url, `DROP TABLE ${table}_left, ${table}_locks`);
    await askMysql(server.url, `DELETE FROM ${table}_meta`);
    expect((await commit(await opened(), batch([put("a")]))).status).to.equal("committed");
  });

  it("is made by many at once", async () => {
    const backends = await Promise.all(Array.from({ length: 5 }, () => opened()));
    for (const backend of backends) {
      expect((await commit(backend, batch([put("a")]))).status).to.equal("committed");
    }
  });

  it("tells the durability that the server has", async () => {
    const durabilities: string[] = [];
    for (const level of [1, 2, 0]) {
      await askMysql(server.url, `SET GLOBAL innodb_flush_log_at_trx_commit = ${level}`);
      durabilities.push((await opened()).info.durability);
    }
    await askMysql(server.url, "SET GLOBAL innodb_flush_log_at_trx_commit = 2");
    expect(durabilities).to.deep.equal(["power", "process", "none"]);
  });

  it("takes no writes while the server is read-only, though the user might, and again afterwards", async () => {
    const backend = await opened();
    await askMysql(server.url, "SET GLOBAL read_only = 1");
    try {
      expect((await faultOf(commit(backend, batch([put("a")])))).reason).to.equal("read-only");
      expect((await backend.read(ctx, "n", ["a"])).entries).to.deep.equal([undefined]);
    } finally {
      await askMysql(server.url, "SET GLOBAL read_only = 0");
    }
    expect((await commit(backend, batch([put("a")]))).status).to.equal("committed");
  });

  it("refuses to commit without the rows that commits lock", async () => {
    const backend = await opened();
    await askMysql(server.url, `DELETE FROM ${table}_locks`);
    expect((await faultOf(commit(backend, batch([put("a")])))).reason).to.equal("foreign");
    expect((await backend.read(ctx, "n", ["a"])).entries).to.deep.equal([undefined]);
  });

  it("gives up at the deadline while another transaction holds the namespace, and knows that nothing happened", async () => {
    const backend = await opened();
    await askMysql(
      server.url,
      `CREATE PROCEDURE ${table}_hold() BEGIN
      START TRANSACTION; SELECT COUNT(*) FROM (SELECT slot FROM ${table}_locks FOR UPDATE) held; DO SLEEP(600); COMMIT; END`,
    );
    const holding = askMysql(server.url, `CALL ${table}_hold()`).catch(() => undefined);
    const holder = await sleeperOf(server.url);
    try {
      const [short] = withTimeout(ctx, 3000);
      // More than the pool has connections: the request to give up must not wait for one of them.
      const faults = await Promise.all(
        Array.from({ length: 4 }, (_, i) => faultOf(commit(backend, batch([put(`k${i}`)], short)))),
      );
      for (const { reason, outcome } of faults)
        expect([reason, outcome]).to.deep.equal(["timeout", undefined]);
    } finally {
      await askMysql(server.url, `KILL ${holder}`);
      await holding;
    }
    expect((await backend.read(ctx, "n", ["k0", "k1"])).entries).to.deep.equal([undefined, undefined]);
    expect((await commit(backend, batch([put("k0")]))).status).to.equal("committed");
  });

  it("finds out what became of commits whose answers were lost", async () => {
    const proxy = await TcpProxy.start({ host: "127.0.0.1", port: server.port });
    try {
      const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
      const backend = await opened({ url });
      const writes = Array.from({ length: 20 }, (_, i) =>
        batch([put(`k${i}`), { kind: "delete", key: "k0" }]),
      );
      for (const [i, each] of writes.entries()) {
        void proxy.cutNext("answers", i % 7);
        expect((await commit(backend, each)).status).to.equal("committed");
      }
      const { changes } = await changesOf(backend);
      expect(changes.map(({ position }) => position.id)).to.deep.equal(writes.map(({ id }) => id));
    } finally {
      await proxy.stop();
    }
  });

  async function changesOf(backend: Backend) {
    const result = await backend.changes(ctx, "n", { ordinal: 0, id: "" }, { limit: 100 });
    if (result.lost) throw new Error("the log does not reach back");
    return result;
  }

  it("limits batches by the server's packets", async () => {
    await askMysql(server.url, "SET GLOBAL max_allowed_packet = 1048576");
    try {
      const backend = await opened();
      expect(backend.info.limits.maxBatchBytes).to.equal(786_432);
      const large = { ...put("a"), data: "x".repeat(780_000) } as Write;
      expect((await commit(backend, batch([large]))).status).to.equal("committed");
      const larger = { ...put("b"), data: "x".repeat(790_000) } as Write;
      expect(faultIn(await commit(backend, batch([larger]))).reason).to.equal("too-large");
      // Several that each fit are sent one after the other.
      const many = Array.from({ length: 5 }, (_, i) => batch([{ ...large, key: `k${i}` } as Write]));
      const results = await backend.commit(many);
      expect(results.map(({ status }) => status)).to.deep.equal(many.map(() => "committed"));
      const keys = Array.from({ length: 400 }, (_, i) => put(`${i}`.padEnd(1500, "k")));
      expect((await faultOf(commit(backend, batch(keys)))).reason).to.equal("too-large");
    } finally {
      await askMysql(server.url, "SET GLOBAL max_allowed_packet = 268435456");
    }
  });
});
