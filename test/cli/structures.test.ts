import { expect } from "chai";
import { existsSync, writeFileSync } from "node:fs";
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

  it("take a value from standard input, a file or as bytes, where one stands for it", async () => {
    const config = box.configureFile();
    const given = async (args: string, input = "") =>
      box.call(["--config", config, ...args.split(" ")], { input });
    writeFileSync(box.path("value"), '{"b":2}\n');
    for (const [args, input] of [
      ["list rpush l -", '{"a":1}\n'],
      ["list lpush l 0 - 2", "one\n"],
      ["list lset l 0 - --text", "2\n"],
      [`list rpush l --file ${box.path("value")}`],
      [`list rpush l --bytes --file ${box.path("value")}`],
      ['list rpush l "-"'],
      ["list lrem l 1 -", '{"a":1}'],
      [`list lset l 1 --file ${box.path("value")}`],
      ["hash hset h f - g 1", "[1]\n"],
      [`hash hset h file --file ${box.path("value")}`],
    ] as const) {
      expect(await given(args, input), args).to.include({ code: 0, stderr: "" });
    }
    expect((await given("list lrange l")).stdout).to.equal(
      '"2\\n"\n{"b":2}\n0\n{"b":2}\n{"$bytes":"eyJiIjoyfQo="}\n"-"\n',
    );
    expect((await given("hash hgetall h")).stdout).to.equal('f\t[1]\ng\t1\nfile\t{"b":2}\n');
  });

  it("refuse standard input twice, a file beside arguments, and no value at all", async () => {
    const config = box.configureFile();
    for (const [args, said] of [
      ["list rpush l - -", /standard input is one value: give - once; '"-"' stores a hyphen\n$/],
      ["hash hset h f - g -", /standard input is one value/],
      ["list rpush l 1 --file x", /give the values as arguments, .* or one value with --file FILE\n$/],
      ["list lpush l", /give the values as arguments/],
      ["list lset l 0 1 --file x", /give the value once/],
      ["list lrem l 0", /give the value once/],
      ["hash hset h f 1 --file x", /--file gives the value of one field; give that field alone\n$/],
      ["hash hset h a b --file x", /--file gives the value of one field/],
    ] as const) {
      const { code, stderr } = await box.call(["--config", config, ...args.split(" ")], { input: "x" });
      expect(code, args).to.equal(64);
      expect(stderr, args).to.match(said);
    }
    expect(existsSync(box.path("data"))).to.equal(false);
  });

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
      ["hash hincrby u age 9007199254740993", "", 64],
    ]));

  it("count", () =>
    says([
      ["set other 1", ""],
      ["counter get c", "0\n"],
      ["counter incr c", "1\n"],
      ["counter incr c 5", "6\n"],
      ["counter decr c", "5\n"],
      ["counter decr c 3 --json", "2\n"],
      ["counter incr c -0.5", "1.5\n"],
      ["counter incr c much", "", 64],
      ["counter incr c -9007199254740993", "", 64],
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
