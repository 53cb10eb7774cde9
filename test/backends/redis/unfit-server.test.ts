import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { namespaceKeys } from "../../../src/backends/redis/namespace-keys.js";
import { loadRedis, type RedisClient } from "../../../src/backends/redis/redis-driver.js";
import {
  background,
  openStorage,
  StorageError,
  type StoragePlugin,
  type StorageSettings,
} from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { ownPrefix } from "../../support/redis-harness.js";
import { eventually, messageOf, refusalOf, refusalToOpen } from "../../support/refusal.js";
import { mountSmallDisk } from "../../support/small-disk.js";
import { startRedis, type RedisServer } from "../../support/servers/redis-server.js";
import { startRewritingRelay } from "../../support/servers/rewriting-relay.js";
import { freePort } from "../../support/servers/server-process.js";

const ctx = background();

describe("a server of redis that is not as it should be", function () {
  this.timeout(120_000);
  let server: RedisServer;
  let opened: StoragePlugin | undefined;

  before(async function () {
    const running = await startRedis(["--appendfsync", "always"]);
    if (running === undefined) return missing(this, "redis-server");
    server = running;
  });

  after(async () => server?.stop());

  afterEach(async () => {
    await opened?.stop();
    opened = undefined;
  });

  function settings(redis: Readonly<Record<string, unknown>> = {}): StorageSettings {
    return {
      backend: "redis",
      operation_timeout: "5s",
      redis: { url: server.url, prefix: ownPrefix(), ...redis },
    };
  }

  async function open(redis: Readonly<Record<string, unknown>> = {}): Promise<StoragePlugin> {
    opened = await openStorage(settings(redis), { warn: () => undefined });
    await opened.set(ctx, "kept", 1);
    return opened;
  }

  it("is refused with a reason: a wrong password or none, nobody there, a host that is none", async () => {
    await using locked = await started("--requirepass", "right");
    const wrong = locked.url.replace("redis://", "redis://:wrong@");
    const right = locked.url.replace("redis://", "redis://:right@");
    for (const url of [wrong, locked.url])
      expect(await refusalToOpen(settings({ url }))).to.deep.equal({ code: 5001, reason: "denied" });
    await open({ url: right });
    for (const host of [`127.0.0.1:${await freePort()}`, "no-such-host.invalid:6379"]) {
      const refusal = await refusalToOpen(settings({ url: `redis://${host}` }));
      expect(refusal).to.deep.equal({ code: 5001, reason: "unavailable" });
    }
  });

  it("is refused with the address when nobody is there", async () => {
    for (const host of ["127.0.0.1", "localhost"]) {
      const port = await freePort();
      const opening = openStorage(settings({ url: `redis://${host}:${port}` }), { warn: () => undefined });
      const error = await opening.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(StorageError);
      expect((error as StorageError).message).to.match(
        new RegExp(`cannot be reached: .*ECONNREFUSED.*:${port}`),
      );
    }
  });

  it("refuses calls when somebody else has put something in the place of a key, and leaves it", async () => {
    const prefix = ownPrefix();
    const { headers } = namespaceKeys(prefix, "");
    await ask("SET", headers, "mine");
    const storage = (opened = await openStorage(settings({ prefix }), { warn: () => undefined }));
    expect((await refusalOf(storage.set(ctx, "a", 1))).reason).to.equal("foreign");
    expect((await refusalOf(storage.get(ctx, "a"))).reason).to.equal("foreign");
    expect(await ask("GET", headers)).to.equal("mine");
  });

  for (const [rights, commands] of [
    ["+@all -publish allchannels", "PUBLISH"],
    ["+@all -zadd -xadd allchannels", "ZADD, XADD"],
    ["+@all resetchannels", "PUBLISH"],
    ["+@all -subscribe allchannels", "SUBSCRIBE"],
    ["+@all -unsubscribe allchannels", "UNSUBSCRIBE"],
  ] as const) {
    it(`is refused to a user of ${rights}, with what is missing`, async () => {
      await ask("ACL", "SETUSER", "ann", "reset", "on", ">secret", "allkeys", ...rights.split(" "));
      try {
        const asked = settings({ username: "ann", password: "secret" });
        expect(await refusalToOpen(asked)).to.deep.equal({ code: 5001, reason: "denied" });
        expect(await messageOf(openStorage(asked))).to.include(
          `the server refuses the user ${commands}; allow the user these commands`,
        );
      } finally {
        await ask("ACL", "DELUSER", "ann");
      }
    });
  }

  it("is opened to a user of some keys and channels, who then hears of changes", async () => {
    const prefix = ownPrefix();
    const rights = ["+@all", "-@admin", "-@dangerous", "+info", `~${prefix}*`, `&${prefix}*`];
    await ask("ACL", "SETUSER", "ann", "reset", "on", ">secret", ...rights);
    const storage = await open({ username: "ann", password: "secret", prefix });
    const heard = storage.watch(ctx)[Symbol.asyncIterator]();
    const next = heard.next();
    await storage.set(ctx, "a", 1);
    expect((await next).value).to.include({ key: "a" });
    await heard.return?.();
  });

  it("is refused when it is too old", async () => {
    const version = /redis_version:(\S+)/.exec(String(await ask("INFO", "server")))?.[1] as string;
    const relay = await startRewritingRelay(
      server.port,
      `_version:${version}`,
      `_version:6${version.slice(1)}`,
    );
    try {
      const refusal = await refusalToOpen(settings({ url: `redis://127.0.0.1:${relay.port}` }));
      expect(refusal).to.deep.equal({ code: 5001, reason: "unsupported" });
    } finally {
      await relay.stop();
    }
  });

  it("is refused when it throws data away", async () => {
    await ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    try {
      expect(await refusalToOpen(settings())).to.deep.equal({ code: 5001, reason: "unsupported" });
    } finally {
      await ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
    }
  });

  it("is opened while it takes no writes for want of replicas, is read, and written to once it has them", async () => {
    const prefix = ownPrefix();
    const first = await open({ prefix });
    await first.stop();
    await ask("CONFIG", "SET", "min-replicas-to-write", "1");
    try {
      opened = await openStorage({ ...settings({ prefix }), operation_timeout: "500ms" });
      expect(await opened.get(ctx, "kept")).to.equal(1);
      expect((await refusalOf(opened.set(ctx, "a", 1))).reason).to.be.oneOf(["unavailable", "timeout"]);
    } finally {
      await ask("CONFIG", "SET", "min-replicas-to-write", "0");
    }
    await eventually(() => (opened as StoragePlugin).set(ctx, "a", 1));
  });

  it("is refused when it is a replica; one that becomes a replica takes no writes, and again afterwards", async () => {
    const storage = await open();
    await using master = await started();
    await ask("REPLICAOF", "127.0.0.1", String(master.port));
    try {
      expect(await refusalToOpen(settings())).to.deep.equal({ code: 5001, reason: "read-only" });
      expect(await refusalOf(storage.set(ctx, "a", 1))).to.deep.equal({ code: 5002, reason: "read-only" });
    } finally {
      await ask("REPLICAOF", "NO", "ONE");
    }
    await eventually(() => storage.set(ctx, "a", 1));
    expect(await storage.get(ctx, "a")).to.equal(1);
  });

  it("says no-space at its maxmemory, keeps what was acknowledged, and goes on when there is room (R8)", async () => {
    const storage = await open();
    await ask("CONFIG", "SET", "maxmemory", "1");
    try {
      expect(await refusalOf(storage.set(ctx, "a", 1))).to.deep.equal({ code: 5002, reason: "no-space" });
      expect(await storage.get(ctx, "kept")).to.equal(1);
      expect(await refusalOf(storage.transact(ctx, (tx) => tx.set("kept", 2)))).to.include({
        reason: "no-space",
      });
    } finally {
      await ask("CONFIG", "SET", "maxmemory", "0");
    }
    await storage.set(ctx, "a", 1);
    expect(await storage.getBatch(ctx, ["kept", "a"])).to.deep.equal(
      new Map([
        ["kept", 1],
        ["a", 1],
      ]),
    );
  });

  it("refuses who comes when it has as many clients as it takes, and takes them again", async () => {
    const storage = await open();
    // Connected already: who would raise the limit must not be refused.
    const client = await connected(server.url);
    try {
      await client.sendCommand(["CONFIG", "SET", "maxclients", "2"]);
      const refusal = await refusalToOpen(settings());
      expect(refusal.code).to.equal(5001);
      expect(refusal.reason).to.be.oneOf(["busy", "unavailable"]);
      await storage.set(ctx, "a", 1);
    } finally {
      await client.sendCommand(["CONFIG", "SET", "maxclients", "1000"]);
      client.destroy();
    }
    await eventually(async () => (await openStorage(settings())).stop());
  });

  it("may be killed and started again: calls are refused meanwhile, and go on afterwards", async () => {
    const storage = await open();
    await server.process?.stop("SIGKILL");
    expect(await refusalOf(storage.set(ctx, "a", 1))).to.deep.equal({ code: 5002, reason: "unavailable" });
    expect(await refusalOf(storage.count(ctx))).to.deep.equal({ code: 5001, reason: "unavailable" });
    server = (await server.restart?.()) as RedisServer;
    await eventually(() => storage.set(ctx, "b", 2));
    expect(await storage.get(ctx, "kept")).to.equal(1);
  });

  it("says so when its disk is full, and goes on when there is room (R8)", async function () {
    const disk = mountSmallDisk(6);
    if (disk === undefined) return missing(this, "the right to mount a small disk");
    try {
      await using full = await started("--dir", disk.path, "--auto-aof-rewrite-percentage", "0");
      const storage = await open({ url: full.url });
      const written: string[] = [];
      let refusal: unknown;
      while (refusal === undefined && written.length < 100) {
        const key = `k${written.length}`;
        refusal = await storage.set(ctx, key, new Uint8Array(randomBytes(300_000))).then(
          () => void written.push(key),
          (error: unknown) => error,
        );
      }
      expect(refusal).to.include({ code: 5002, reason: "no-space" });
      expect(written).to.not.have.length(0);
      expect([...(await storage.getBatch(ctx, written)).keys()]).to.deep.equal(written);
      disk.resize(64);
      await eventually(() => storage.set(ctx, "after", 1));
      await storage.stop();
      opened = undefined;
    } finally {
      disk.remove();
    }
  });

  async function ask(...command: readonly string[]): Promise<unknown> {
    const client = await connected(server.url);
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }
});

async function connected(url: string): Promise<RedisClient> {
  const client = (await loadRedis()).createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Another server, gone when it goes out of scope. */
async function started(...args: readonly string[]) {
  const other = (await startRedis(args)) as RedisServer;
  return { url: other.url, port: other.port, [Symbol.asyncDispose]: () => other.stop() };
}
