import assert from "node:assert/strict";
import { clusterOptions } from "../../../src/backends/redis/client-options.js";
import { redisOptions } from "../../../src/backends/redis/redis-options.js";
import { background, openStorage } from "../../../src/index.js";

describe("addresses of redis", () => {
  for (const url of [
    "redis://:se#cret@host:port",
    "http://user:secret@host",
    "redis://:secret@[host",
    "redis://:secret%zz@host",
    "redis://:secret@host/name",
  ]) {
    it(`refuses ${url.replace(/se#?cret/, "…")} without repeating its password`, async () => {
      const error: unknown = await openStorage({ backend: "redis", redis: { url } }).then(
        (storage) => storage.stop(background()),
        (reason: unknown) => reason,
      );
      assert.match(String(error), /^ConfigError: storage\.redis\.url: .* not accepted; give redis:/);
      assert.doesNotMatch(everythingIn(error), /se#?cret/);
      for (const options of [{ url }, { cluster: ["host:1", url] }]) {
        const refused = captured(() => redisOptions({ options }));
        assert.match(String(refused), /^TypeError: .*malformed; write redis:/);
        assert.doesNotMatch(everythingIn(refused), /se#?cret/);
      }
    });
  }

  for (const [url, options] of [
    ["redis://:secret@host", { socket: { tls: true } }],
    ["rediss://:secret@host", { socket: { tls: false } }],
    ["redis://:secret@host", { socket: { tls: "true" } }],
    ["redis://:secret@host", { RESP: 9, socket: { port: "none" } }],
  ] as const) {
    it(`refuses ${JSON.stringify(options)} beside ${url.replace("secret", "…")} without repeating its password`, async () => {
      const settings = { backend: "redis", operation_timeout: "1s", redis: { url, options } };
      const error: unknown = await openStorage(settings).then(
        (storage) => storage.stop(background()),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof Error);
      assert.doesNotMatch(everythingIn(error), /secret/);
    });
  }

  it("reaches every node of a cluster encrypted when the first address says so", () => {
    const cluster = ["rediss://host:1"];
    const { defaults } = clusterOptions(redisOptions({ options: { cluster, password: "p" } })) as {
      defaults: { password: string; socket: { tls: boolean } };
    };
    assert.equal(defaults.password, "p");
    assert.equal(defaults.socket.tls, true);
  });

  it("takes the user of a cluster from the first address unless one is named", () => {
    const cluster = ["redis://ann:p%2Fw@host:1"];
    const from = (options: object) =>
      (clusterOptions(redisOptions({ options: { cluster, ...options } })) as { defaults: object }).defaults;
    const taken = from({}) as { username: string; password: string };
    assert.deepEqual([taken.username, taken.password], ["ann", "p/w"]);
    const named = from({ username: "bob", password: "q" }) as typeof taken;
    assert.deepEqual([named.username, named.password], ["bob", "q"]);
  });
});

function captured(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

/** The text of an error with everything that it carries. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, ...own } = error as Error & Record<string, unknown>;
  return `${error.stack} ${JSON.stringify(own)} ${cause === undefined ? "" : everythingIn(cause)}`;
}
