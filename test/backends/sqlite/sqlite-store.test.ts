import { withConsistency } from "../../../src/core/consistency.js";
import { expect } from "chai";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Backend, BackendSetup, Batch, Write } from "../../../src/backends/backend.js";
import { refuseWhatCrashes } from "../../../src/backends/sqlite/better-sqlite3-driver.js";
import { sqliteBackend } from "../../../src/backends/sqlite/sqlite-backend.js";
import type { DriverLoader, SqliteDatabase } from "../../../src/backends/sqlite/sqlite-database.js";
import { loadDriver } from "../../../src/backends/sqlite/sqlite-driver.js";
import { background, withTimeout, type Context } from "../../../src/core/context.js";
import { StorageFault } from "../../../src/core/errors.js";
import { systemRandom, systemRuntime } from "../../../src/core/runtime.js";
import { VersionSource } from "../../../src/core/version.js";
import { openStorage } from "../../../src/index.js";
import { suiteSetup } from "../../../src/testing/backend-suite/suite-harness.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";
import { faultOf } from "../../support/refusal.js";

const ctx = background();
const ids = new VersionSource(systemRandom);

function backendAt(path: string, form: Partial<BackendSetup> = {}): Backend {
  const conditions = { runtime: systemRuntime, changes: { count: 1000, ageMs: 60_000 }, sweepIntervalMs: 0 };
  return sqliteBackend(suiteSetup(conditions, { options: { path }, ...form }));
}

function put(key: string, data: string): Write {
  return { kind: "put", key, type: 1, expiry: undefined, codec: 0, data };
}

function batch(writes: readonly Write[], its: Context = ctx): Batch {
  return { id: ids.next(), ctx: its, namespace: "n", checks: [], ranges: [], writes };
}

describe("a store of sqlite", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-sqlite-"));
    path = join(folder, "data", "store.db");
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Something done to the file by another program. */
  async function meanwhile<T>(work: (database: SqliteDatabase) => T): Promise<T> {
    const database = (await loadDriver(undefined)).open(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  async function opened<T>(work: (backend: Backend) => Promise<T>): Promise<T> {
    const backend = backendAt(path);
    await backend.open(ctx);
    try {
      return await work(backend);
    } finally {
      await backend.close(ctx);
    }
  }

  it("is a private file in a private folder", async () => {
    await opened(async (backend) => {
      await backend.commit([batch([put("\u0001a", "1")])]);
      const files = (await backend.extensions.files?.(ctx)) ?? [];
      expect(files.map((file) => file.path)).to.deep.equal([path, `${path}-wal`, `${path}-shm`]);
      for (const file of files) expect((await stat(file.path)).mode & 0o777, file.path).to.equal(0o600);
    });
    expect((await stat(join(folder, "data"))).mode & 0o777).to.equal(0o700);
  });

  it("says what to try where it may not write, and nothing of options that it does not have", async () => {
    // Nobody may make anything there, whatever the user.
    const fault = await faultOf(backendAt("/sys/store.db").open(ctx));
    expect(fault.reason).to.equal("read-only");
    expect(fault.message)
      .to.match(/^opening \/sys\/store\.db failed .*; make the file and its folder readable and writable/)
      .and.not.contain("read_only");
  });

  it("does not follow a symbolic link", async () => {
    const link = join(folder, "link.db");
    await symlink(path, link);
    const fault = await faultOf(backendAt(link).open(ctx));
    expect(fault).to.have.property("reason", "io");
    expect(fault.message).to.contain("symbolic link").and.to.contain(link);
    expect(existsSync(path)).to.equal(false);
  });

  it("refuses one that a later version has written", async () => {
    await opened(async (backend) => backend.commit([batch([put("\u0001a", "1")])]));
    await meanwhile((database) => database.exec("PRAGMA user_version = 99"));
    const fault = await faultOf(backendAt(path).open(ctx));
    expect(fault).to.have.property("reason", "newer-format");
    expect(fault.message).to.contain("its schema is 99");
    await meanwhile((database) => database.exec("PRAGMA user_version = 1"));
    await opened(async (backend) => {
      expect((await backend.read(ctx, "n", ["\u0001a"])).entries[0]?.size).to.equal(1);
    });
  });

  it("refuses the database of another program, and leaves it as it is", async () => {
    path = join(folder, "other.db");
    await meanwhile((database) => database.exec("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)"));
    const before = await readFile(path);
    expect(await faultOf(backendAt(path).open(ctx))).to.have.property("reason", "foreign");
    expect((await readFile(path)).equals(before)).to.equal(true);
  });

  it("refuses a file that is no database", async () => {
    path = join(folder, "notes.txt");
    await writeFile(path, "Milk, bread and whatever else there is; ".repeat(100));
    const before = await readFile(path);
    expect(await faultOf(backendAt(path).open(ctx))).to.have.property("reason", "foreign");
    expect((await readFile(path)).equals(before)).to.equal(true);
  });

  it("is written by two instances at once without one being refused", async () => {
    const [one, two] = [backendAt(path), backendAt(path)];
    await Promise.all([one.open(ctx), two.open(ctx)]);
    try {
      const write = async (backend: Backend, name: string) => {
        for (let i = 0; i < 100; i++) {
          const [result] = await backend.commit([batch([put(`\u0001${name}${i}`, "v")])]);
          expect(result?.status).to.equal("committed");
          await backend.read(ctx, "n", [`\u0001${name}${i}`]);
        }
      };
      await Promise.all([write(one, "a"), write(two, "b"), write(one, "c"), write(two, "d")]);
      for await (const page of one.scan(ctx, "n", { start: "" }, { want: "count" })) {
        expect(page.count).to.equal(400);
      }
      expect((await two.changes(ctx, "n", undefined, { limit: 1 })).position.ordinal).to.equal(1);
    } finally {
      await one.close(ctx);
      await two.close(ctx);
    }
  });

  it("waits for a lock beside the event loop, until the deadline", async () => {
    await opened(async (backend) => {
      const other = (await loadDriver(undefined)).open(path);
      try {
        other.exec("BEGIN IMMEDIATE");
        const results = await backend.commit([batch([put("\u0001a", "1")], withTimeout(ctx, 60)[0])]);
        expect(results[0]).to.have.property("status", "fault");
        expect(results[0]).to.have.nested.property("fault.reason", "timeout");
        let turns = 0;
        const ticking = setInterval(() => (turns += 1), 5);
        const waiting = backend.commit([batch([put("\u0001b", "1")])]);
        setTimeout(() => other.exec("COMMIT"), 100);
        expect((await waiting)[0]?.status).to.equal("committed");
        clearInterval(ticking);
        expect(turns).to.be.above(3);
      } finally {
        other.close();
      }
      const { entries } = await backend.read(ctx, "n", ["\u0001a", "\u0001b"], { want: "headers" });
      expect(entries.map((entry) => entry !== undefined)).to.deep.equal([false, true]);
    });
  });

  it("says busy when a lock is held beyond the time for operations", async () => {
    const backend = backendAt(path, { operationTimeoutMs: 50 });
    await backend.open(ctx);
    const other = (await loadDriver(undefined)).open(path);
    try {
      other.exec("BEGIN IMMEDIATE");
      const fault = await faultOf(backend.commit([batch([put("\u0001a", "1")])]));
      expect([fault.reason, fault.outcome]).to.deep.equal(["busy", undefined]);
      other.exec("ROLLBACK");
    } finally {
      other.close();
      await backend.close(ctx);
    }
  });

  it("answers a damaged value with 5003, reports it when verifying, and lets it be overwritten", async () => {
    const settings = { backend: "sqlite", sqlite: { path } };
    const storage = await openStorage(settings);
    await storage.set(ctx, "good", "fine");
    await storage.set(ctx, "bad", "needle in a haystack");
    await storage.stop();
    const bytes = await readFile(path);
    const at = bytes.indexOf("needle in a haystack");
    expect(at).to.be.above(0);
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(path, bytes);
    const again = await openStorage(settings);
    try {
      const error: unknown = await again.get(ctx, "bad").catch((reason: unknown) => reason);
      expect(error).to.include({ code: 5003, reason: "checksum", key: "bad" });
      expect(await again.get(ctx, "good")).to.equal("fine");
      const together = ["good", "bad", "good"].map((key) => again.get(withConsistency(ctx, "strong"), key));
      const outcomes = await Promise.allSettled(together);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
      const report = await again.verify(ctx);
      expect(report.problems.map(({ reason }) => reason)).to.deep.equal(["checksum"]);
      await again.set(ctx, "bad", "mended");
      expect(await again.get(ctx, "bad")).to.equal("mended");
      expect((await again.verify(ctx)).problems).to.deep.equal([]);
    } finally {
      await again.stop();
    }
  });

  for (const [size, length] of [
    ["small", 100],
    ["large", 3000],
  ] as const) {
    it(`reports damaged pages of a ${size} file when verifying`, async () => {
      const writes = Array.from({ length: 500 }, (_, i) => put(`\u0001key ${i}`, "v".repeat(length)));
      await opened(async (backend) => backend.commit([batch(writes)]));
      const bytes = await readFile(path);
      const page = bytes.lastIndexOf("\u0001key 250");
      bytes.fill(0xa5, page - (page % 4096), page - (page % 4096) + 512);
      await writeFile(path, bytes);
      await opened(async (backend) => {
        const problems = (await backend.extensions.verify?.(ctx))?.problems ?? [];
        expect(problems.some(({ file, reason }) => file === path && reason === "checksum")).to.equal(true);
      });
    });
  }

  it("gives space back when compacted, while it is read and written", async () => {
    await opened(async (backend) => {
      const writes = Array.from({ length: 2000 }, (_, i) => put(`\u0001${i}`, "v".repeat(1000)));
      await backend.commit([batch(writes)]);
      await backend.commit([batch([{ kind: "delete-range", range: { start: "\u00011" } }])]);
      const bytes = async () =>
        ((await backend.extensions.files?.(ctx)) ?? []).reduce((sum, file) => sum + file.bytes, 0);
      const before = await bytes();
      const compacting = backend.extensions.compact?.(ctx);
      const [result] = await backend.commit([batch([put("\u0001after", "1")])]);
      expect(result?.status).to.equal("committed");
      await compacting;
      expect(await bytes()).to.be.below(before / 4);
      const { entries } = await backend.read(ctx, "n", ["\u00010", "\u0001after", "\u00011999"]);
      expect(entries.map((entry) => entry?.size)).to.deep.equal([1000, 1, undefined]);
    });
  });

  it("removes what an emptied namespace left behind, a slice at a time", async () => {
    const backend = backendAt(path, { sweepIntervalMs: 1 });
    await backend.open(ctx);
    try {
      const writes = Array.from({ length: 2000 }, (_, i) => put(`\u0001${i}`, "v"));
      await backend.commit([batch(writes)]);
      const [emptied] = await backend.commit([batch([{ kind: "delete-range", range: { start: "" } }])]);
      expect(emptied).to.include({ status: "committed", removed: 2000 });
      await backend.commit([batch([put("\u0001new", "v")])]);
      const left = () =>
        meanwhile((database) => database.prepare("SELECT count(*) AS n FROM entries").get([])?.[0]);
      while ((await left()) !== 1) await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await backend.extensions.verify?.(ctx))?.problems).to.deep.equal([]);
    } finally {
      await backend.close(ctx);
    }
  });
});

describe("drivers of sqlite", () => {
  const absent: DriverLoader = async () => undefined;
  const broken: DriverLoader = async () => {
    throw new StorageFault("unsupported", "it crashes here");
  };

  it("are the next one when the first is absent or cannot be used", async () => {
    const working = await loadDriver(undefined);
    const drivers = new Map<string, DriverLoader>([
      ["one", absent],
      ["two", broken],
      ["three", async () => working],
    ]);
    expect(await loadDriver(undefined, drivers)).to.equal(working);
  });

  it("say how to install one when none can be used, and why not", async () => {
    const none = await faultOf(loadDriver(undefined, new Map([["one", absent]])));
    expect(none.reason).to.equal("unsupported");
    expect(none.message).to.contain("npm install better-sqlite3").and.to.contain("none is installed");
    const refused = await faultOf(loadDriver(undefined, new Map([["two", broken]])));
    expect(refused.message).to.contain("two cannot be used: it crashes here").and.to.contain("npm install");
  });

  it("can be chosen by name", async () => {
    const libsql = await faultOf(loadDriver("libsql", new Map([["libsql", absent]])));
    expect(libsql.message).to.contain("run npm install libsql");
    expect((await faultOf(loadDriver("sqlite4"))).message).to.contain(
      "choose one of better-sqlite3, libsql, node:sqlite",
    );
  });

  it("leave out better-sqlite3 where it would end the process", () => {
    for (const [driver, node] of [
      ["13.0.0", "20.19.0"],
      ["13.2.0", "20.20.2"],
    ] as const) {
      expect(() => refuseWhatCrashes(driver, node)).to.throw(StorageFault, "better-sqlite3@12");
    }
    for (const [driver, node] of [
      ["12.9.0", "20.19.0"],
      ["13.0.0", "22.0.0"],
    ] as const) {
      expect(() => refuseWhatCrashes(driver, node)).to.not.throw();
    }
  });
});
