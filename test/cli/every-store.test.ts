import { expect } from "chai";
import { missing } from "../support/fixtures.js";
import { STORES, storeKind, type FreshStore } from "../support/stores.js";
import { CliSandbox } from "./cli-sandbox.js";

const PERSISTENT = STORES.filter(({ persistent }) => persistent);

describe("holdfast on every kind of store", () => {
  let box: CliSandbox;

  before(() => {
    box = new CliSandbox();
  });

  after(() => box.remove());

  for (const kind of PERSISTENT) {
    describe(kind.name, () => {
      let store: FreshStore | undefined;
      let config: string;

      before(async function () {
        store = await kind.fresh();
        if (store === undefined) return missing(this, kind.needs ?? kind.name);
        config = box.configure(store.settings, `${kind.name}.yaml`);
      });

      after(() => store?.destroy());

      const call = (...args: readonly string[]) => box.call(["--config", config, ...args]);

      /** The configuration of an empty store of another backend. */
      const beside = (name: string) => {
        const path = box.path(`${kind.name}-${name}.db`);
        return box.configure({ backend: "sqlite", sqlite: { path } }, `${kind.name}-${name}.yaml`);
      };

      it("carries out every command", async () => {
        const folder = box.path(`${kind.name}-backup`);
        const said: (readonly [args: string, stdout: string | RegExp])[] = [
          ["set a 1", ""],
          ["set b two --ttl 1h", ""],
          ["set c {} -n other", ""],
          ["get b", "two\n"],
          ["keys", "a\nb\n"],
          ["find ?", 'a\t1\nb\t"two"\n'],
          ["count", "2\n"],
          ["ttl b", /^(59m\d+s|1h)\n$/],
          ["persist b", ""],
          ["ttl b", "does not expire\n"],
          ["expire b 2h", ""],
          ["ttl b --json", /^\{"key":"b","ttlMs":7[12]\d{5}\}\n$/],
          ["type a", "value\n"],
          ["exists a", "yes\n"],
          ["namespaces", '""\t2\nother\t1\n'],
          ["info", /^type +\w+\nkeys +3\n/],
          ["stats --read *", /entries +2 of at most 10000\n[^]*hits +2\nmisses +2\n/],
          ["verify", /^\d entr(y|ies) checked: nothing is wrong\n$/],
          ["list rpush l x y", "2\n"],
          ["list lrange l", '"x"\n"y"\n'],
          ["hash hset h f 1", "1\n"],
          ["hash hgetall h", "f\t1\n"],
          ["counter incr n 5", "5\n"],
          [`verify --repair ${beside("mended")}`, /\nsalvaged 6 keys of 2 namespaces; nothing was lost\n$/],
          [`copy --to ${beside("copied")}`, /^copied +6 keys of 2 namespaces .*\nequal, sha-256 +\w{64}\n$/],
          [`backup ${folder}`, /^full backup: \d+ records of 2 namespaces \(/],
          [`restore ${folder} --dry-run`, /^whole, and could be restored: \d+ records of 2 namespaces/],
          [`restore ${folder} --replace --yes`, /^restored: \d+ records of 2 namespaces/],
          ["list lpop l", "x\n"],
          ["delete l h n", "deleted 3 keys\n"],
          ["compact", "compacted\n"],
          ["config check", new RegExp(`: right, backend ${kind.backend}\n$`)],
          ["doctor", /\nok {7}durability: [^]*\neverything works[^\n]*\n$/],
          ["clear --yes -n other", "removed 1 key\n"],
          ["delete a b", "deleted 2 keys\n"],
          ["namespaces", ""],
        ];
        for (const [args, stdout] of said) {
          const result = await call(...args.split(" "));
          expect(result.stderr, args).to.equal("");
          expect(result.stdout, args).to.match(
            typeof stdout === "string" ? new RegExp(`^${escaped(stdout)}$`) : stdout,
          );
          expect(result.code, args).to.equal(0);
        }
      });
    });
  }

  for (const kind of PERSISTENT.filter(({ shared }) => shared)) {
    it(`watches changes on ${kind.name}`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      const config = box.configure(store.settings, "watched.yaml");
      await box.call(["--config", config, "set", "before", "1"]);
      const watching = box.call(["--config", config, "watch", "k*", "--limit", "2", "--timeout", "60s"]);
      let isOver = false;
      void watching.finally(() => (isOver = true));
      // When it begins nobody is told; what it has not seen is written again.
      while (!isOver) {
        await box.call(["--config", config, "set", "k", "1"]);
        await box.call(["--config", config, "delete", "k"]);
      }
      const { code, stdout, stderr } = await watching;
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
      expect(stdout).to.match(/^((set\tk(\t1)?|delete\tk)\n){2}$/);
      await store.destroy();
    });
  }

  it("goes on watching after a position", async () => {
    const store = (await storeKind("sqlite").fresh()) as FreshStore;
    const config = box.configure(store.settings, "resumed.yaml");
    const call = (...args: readonly string[]) => box.call(["--config", config, ...args, "--json"]);
    await call("set", "before", "1");
    const watching = call("watch", "--limit", "1", "--timeout", "60s");
    let first: { position: string } | undefined;
    void watching.then(({ stdout }) => (first = JSON.parse(stdout) as { position: string }));
    while (first === undefined) await call("set", "k", "1");
    await call("set", "later", "2");
    const rest = await call("watch", "--after", first.position, "l*", "--limit", "1", "--timeout", "60s");
    expect(JSON.parse(rest.stdout)).to.include({ type: "set", key: "later", value: 2 });
    await store.destroy();
  });

  for (const name of ["postgres", "redis"]) {
    it(`runs as a program on ${name}`, async function () {
      const store = await storeKind(name).fresh();
      if (store === undefined) return missing(this, name);
      box.configure(store.settings);
      const script = "holdfast set k '[1,2]' && holdfast get k && holdfast get gone; echo $?";
      const result = await box.shell(script);
      expect(result.stdout).to.equal("[1,2]\n1\n");
      expect(result.stderr).to.match(/^holdfast: 5004 absent: /);
      await store.destroy();
    });
  }
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
