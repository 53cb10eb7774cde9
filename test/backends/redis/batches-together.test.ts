import { expect } from "chai";
import type { Backend, Batch, Write } from "../../../src/backends/backend.js";
import { redisBackend } from "../../../src/backends/redis/redis-backend.js";
import { background } from "../../../src/core/context.js";
import { systemRuntime } from "../../../src/core/runtime.js";
import { suiteSetup } from "../../../src/testing/backend-suite/suite-harness.js";
import { missing } from "../../support/fixtures.js";
import { ownPrefix } from "../../support/redis-harness.js";
import { redisServer } from "../../support/servers/redis-server.js";

const CONDITIONS = {
  runtime: systemRuntime,
  changes: { count: 100, ageMs: 60_000 },
  sweepIntervalMs: 60_000,
};

describe("batches of one call on redis", () => {
  const ctx = background();
  let backend: Backend;

  before(async function () {
    const server = await redisServer();
    if (server === undefined) missing(this, "redis-server");
    else {
      backend = redisBackend(suiteSetup(CONDITIONS, { options: { url: server.url, prefix: ownPrefix() } }));
      await backend.open(ctx);
    }
  });

  after(() => backend?.close(ctx));

  const put = (key: string): Write => ({
    kind: "put",
    key,
    type: 1,
    codec: 1,
    data: `"${key}"`,
    expiry: undefined,
  });
  const batchOf = (id: string, writes: readonly Write[], checks: Batch["checks"] = []): Batch => ({
    id,
    ctx,
    namespace: "",
    checks,
    ranges: [],
    writes,
  });

  it("are each held against their own checks, and told what their own writes met", async () => {
    await backend.commit([batchOf("v1", [put("a"), put("b"), put("c")])]);
    const [lost, won, stale] = await backend.commit([
      batchOf("v2", [put("x"), put("y")], [{ key: "a", version: "older" }]),
      batchOf("v3", [put("b"), put("z")], [{ key: "c", version: "v1" }]),
      batchOf(
        "v4",
        [put("u")],
        [
          { key: "unknown", version: null },
          { key: "a", version: null },
        ],
      ),
    ]);
    expect(lost).to.have.nested.property("conflicts[0].current.version", "v1");
    expect(won).to.include({ status: "committed" }).and.have.nested.property("replaced[0].version", "v1");
    expect(won).to.have.nested.property("replaced[1]", undefined);
    expect(stale).to.have.nested.property("conflicts[0].key", "a");
    const { entries } = await backend.read(ctx, "", ["x", "u", "b"]);
    expect(entries.map((entry) => entry?.version)).to.deep.equal([undefined, undefined, "v3"]);
  });
});
