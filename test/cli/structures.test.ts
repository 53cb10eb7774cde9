import { expect } from "chai";
import { CliSandbox } from "./cli-sandbox.js";

describe("holdfast list, hash and counter", () => {
  let box: CliSandbox;

  beforeEach(() => {
    box = new CliSandbox();
  });
  afterEach(() => box.remove());

  /** Runs commands of one line each, and compares what they say. */
  async function says(expected: readonly (readonly [args: string, stdout: string, code?: number])[]) {
    const config = box.configureFile();
    for (const [args, stdout, code = 0] of expected) {
      const result = await box.call(["--config", config, ...args.split(" ")]);
      expect(result, args).to.include({ stdout, code });
    }
  }

  it("push to both ends of a list, and show and take what is there", () =>
    says([
      ["list rpush m m1 m2 m3", "3\n"],
      ["list lpush m m0", "4\n"],
      ["list lrange m", '"m0"\n"m1"\n"m2"\n"m3"\n'],
      ["list lrange m 0 1", '"m0"\n"m1"\n'],
      ["list lrange m -2 -1", '"m2"\n"m3"\n'],
      ["list lrange m 3 1", ""],
      ["list llen m", "4\n"],
      ["list lindex m -1", "m3\n"],
      ["list lpop m", "m0\n"],
      ["list rpop m", "m3\n"],
      ["type m", "list\n"],
      ["keys", "m\n"],
      ["list llen nobody", "0\n"],
      ["list lpop nobody", "", 1],
    ]));

  it("change a list in the middle", () =>
    says([
      ['list rpush n 1 2 1 3 1 {"a":1}', "6\n"],
      ["list lset n 1 two", ""],
      ["list lset n 9 two", "", 1],
      ["list lrem n -2 1", "2\n"],
      ["list lrem n 0 9", "0\n", 1],
      ["list lrange n", '1\n"two"\n3\n{"a":1}\n'],
      ["list ltrim n 1 -2", ""],
      ["list lrange n --json", '"two"\n3\n'],
    ]));

  it("store text that looks like JSON as text where that is said", () =>
    says([
      ["list rpush t 1 --text", "1\n"],
      ["list lrange t", '"1"\n'],
      ["list rpush t word --json-value", "", 64],
    ]));

  it("show a list longer than a page", async () => {
    const items = Array.from({ length: 1203 }, (_, i) => String(i));
    await says([
      [`list rpush long ${items.join(" ")}`, "1203\n"],
      ["list lrange long", `${items.join("\n")}\n`],
      ["list lrange long -501", `${items.slice(-501).join("\n")}\n`],
    ]);
  });

  it("set, show and remove fields of a hash", () =>
    says([
      ["hash hset u name Alice age 30", "2\n"],
      ["hash hset u email alice@example.com age 31", "1\n"],
      ["hash hget u name", "Alice\n"],
      ["hash hget u phone", "", 1],
      ["hash hgetall u", 'name\t"Alice"\nage\t31\nemail\t"alice@example.com"\n'],
      [
        "hash hgetall u --json",
        '{"field":"name","value":"Alice"}\n{"field":"age","value":31}\n{"field":"email","value":"alice@example.com"}\n',
      ],
      ["hash hkeys u", "name\nage\nemail\n"],
      ["hash hvals u", '"Alice"\n31\n"alice@example.com"\n'],
      ["hash hlen u", "3\n"],
      ["hash hexists u email", "yes\n"],
      ["hash hexists u phone", "no\n", 1],
      ["hash hincrby u age -1", "30\n"],
      ["hash hdel u email phone", "deleted 1 field\n"],
      ["hash hdel u phone", "", 1],
      ["hash hset u alone", "", 64],
    ]));

  it("count", () =>
    says([
      ["counter get c", "0\n"],
      ["counter incr c", "1\n"],
      ["counter incr c 5", "6\n"],
      ["counter decr c", "5\n"],
      ["counter decr c 3 --json", "2\n"],
      ["counter incr c -0.5", "1.5\n"],
      ["counter incr c much", "", 64],
      ["get c", "1.5\n"],
    ]));

  it("say so where something else stands under the key, and change nothing", async () => {
    const config = box.configureFile();
    const call = (...args: string[]) => box.call(["--config", config, ...args]);
    await call("set", "k", "word");
    for (const args of [
      ["list", "rpush", "k", "1"],
      ["hash", "hset", "k", "f", "1"],
      ["counter", "incr", "k"],
    ]) {
      const { code, stderr } = await call(...args);
      expect(code, args.join(" ")).to.equal(2);
      expect(stderr, args.join(" ")).to.match(/wrong-type/);
    }
    expect((await call("get", "k")).stdout).to.equal("word\n");
  });
});
