import { expect } from "chai";
import { mkdirSync, writeFileSync } from "node:fs";
import { CliSandbox } from "./cli-sandbox.js";

describe("holdfast refuses", () => {
  let box: CliSandbox;

  before(async () => {
    box = new CliSandbox();
    await box.call(["--config", box.configureFile(), "set", "k", "1"]);
    mkdirSync(box.path("folder"));
    writeFileSync(box.path("latin1.txt"), Uint8Array.of(0x68, 0xe9));
    writeFileSync(box.path("broken.yaml"), "storage:\n  backend: [file\n");
    writeFileSync(
      box.path("wrong.yaml"),
      "storage:\n  backend: memory\n  cache:\n    max_entrys: 1\n  codec: xml\n",
    );
    writeFileSync(box.path("other.yaml"), "strage:\n  backend: memory\n");
    writeFileSync(
      box.path("keys.yaml"),
      "storage:\n  backend: memory\n  encryption:\n    active: a\n    keys: [{ id: a, env: NOT_SET_ANYWHERE }]\n",
    );
    writeFileSync(box.path("unset.yaml"), "storage:\n  backend: ${NOT_SET_ANYWHERE}\n");
  });

  after(() => box.remove());

  const memory = ["--backend", "memory"];
  /** The command line, its exit code, and what is said after "holdfast: ". */
  const cases: readonly (readonly [args: readonly string[], code: number, said: RegExp])[] = [
    [["gett", "k"], 64, /^unknown command 'gett'; did you mean get\n$/],
    [["config", "chek"], 64, /^unknown command 'chek'; did you mean check\n$/],
    [["help", "gett"], 64, /^unknown command 'gett'; did you mean "get"\n$/],
    [["config", "help", "chek"], 64, /^unknown command 'chek'; did you mean "check"\n$/],
    [["get", "k", "--namspace", "a"], 64, /^unknown option '--namspace'; did you mean --namespace\n$/],
    [["get"], 64, /^missing required argument 'key'\n$/],
    [["get", "a", "b"], 64, /^too many arguments for 'get'/],
    [["copy"], 64, /^required option '--to <config>' not specified\n$/],
    [
      ["completion", "fish"],
      64,
      /'fish' is invalid for argument 'shell'. Allowed choices are bash, zsh\.\n$/,
    ],
    [
      [...memory, "expire", "k", "5x"],
      64,
      /'5x' is invalid for argument 'ttl'. Give milliseconds or text such as/,
    ],
    [[...memory, "set", "k", "1", "--ttl", "-1s"], 64, /'-1s' is invalid\. Give milliseconds/],
    [[...memory, "count", "--timeout", "soon"], 64, /'soon' is invalid\. Give milliseconds/],
    [[...memory, "keys", "--limit", "1.5"], 64, /'1.5' is invalid\. Give a whole number, 0 or more\.\n$/],
    [[...memory, "keys", "a["], 64, /^5001 invalid-pattern: .* write \\ before/],
    [[...memory, "set", "", "1"], 64, /^5002 invalid-key: /],
    [[...memory, "-n", "a".repeat(200), "count"], 64, /invalid-namespace: /],
    [[...memory, "set", "k"], 64, /^give the value once: /],
    [[...memory, "set", "k", "1", "--file", "x"], 64, /^give the value once: /],
    [
      [...memory, "set", "k", "1", "--text", "--bytes"],
      64,
      /^--text, --json-value and --bytes contradict each other/,
    ],
    [
      [...memory, "set", "k", '{"a"'],
      64,
      /^the value begins as JSON and is none: .* give --text to store it as text\n$/,
    ],
    [[...memory, "set", "k", "a", "--json-value"], 64, /^the value is no JSON: /],
    [[...memory, "set", "k", '{"$dat":1}'], 64, /is a tag, and here is an unknown tag; write one \$ more/],
    [
      [...memory, "set", "k", "12345678901234567890"],
      64,
      /larger than a number can hold exactly; give --text/,
    ],
    [[...memory, "set", "k", "--file", "%/absent"], 64, /^the file cannot be read: ENOENT/],
    [[...memory, "set", "k", "--file", "%/folder"], 64, /is a folder; give a file\n$/],
    [[...memory, "set", "k", "--file", "%/latin1.txt"], 64, /^the value is no text in UTF-8; give --bytes/],
    [[...memory, "clear"], 64, /^this would remove all 0 keys of the root namespace .* give --yes/],
    [[...memory, "--set", "backend", "count"], 64, /^--set backend: give an option and its value/],
    [["--config", "%/absent.yaml", "count"], 78, /absent\.yaml: cannot be read: ENOENT.*; create it/],
    [["--config", "%/broken.yaml", "count"], 78, /broken\.yaml:3:1: .*\n$/],
    [
      ["--config", "%/other.yaml", "count"],
      78,
      /other\.yaml:1:1 storage: no such section; did you mean "strage"\n$/,
    ],
    [
      ["--config", "%/unset.yaml", "count"],
      78,
      /unset\.yaml:2:12: environment variable NOT_SET_ANYWHERE is not set/,
    ],
    [
      ["--config", "%/wrong.yaml", "config", "check"],
      78,
      /wrong\.yaml:4:5 storage\.cache\.max_entrys: unknown option; did you mean "max_entries"\nholdfast: .*wrong\.yaml:5:3 storage\.codec: no codec is called "xml"/,
    ],
    [
      ["--backend", "memry", "count"],
      78,
      /^--backend storage\.backend: no backend is called "memry"; did you mean "memory"\n$/,
    ],
    [
      [...memory, "--set", "cache.max_entrys=1", "count"],
      78,
      /^--set cache\.max_entrys storage\.cache\.max_entrys: unknown option; did you mean/,
    ],
    [
      [...memory, "--set", "__proto__.polluted=1", "count"],
      78,
      /^--set __proto__\.polluted|storage\.__proto__: unknown option/,
    ],
    [[...memory, "--set", "nosuch.opt=1", "count"], 78, /^--set nosuch\.opt storage\.nosuch: unknown option/],
    [
      ["--config", "%/storage.yaml", "--set", "nosuch.opt=1", "count"],
      78,
      /^--set nosuch\.opt storage\.nosuch: unknown option/,
    ],
    [
      ["--config", "%/wrong.yaml", "--set", "cache.ttl=1m", "--set", "codec=json", "count"],
      78,
      /^[^\n]*wrong\.yaml:4:5 storage\.cache\.max_entrys: unknown option; did you mean "max_entries"\n$/,
    ],
    ...["keys", "config check", "copy --to x.yaml"].map((command): (typeof cases)[number] => [
      ["--config", "%/keys.yaml", ...command.split(" ")],
      78,
      /keys\.yaml:5:12 storage\.encryption\.keys\.0: key "a": the environment variable NOT_SET_ANYWHERE is not set; /,
    ]),
    [
      [
        ...memory,
        "--set",
        'encryption={"active":"a","keys":[{"id":"a","file":"/nowhere"}]}',
        "config",
        "check",
      ],
      78,
      /^--set encryption storage\.encryption\.keys\.0: key "a": the file cannot be read: ENOENT/,
    ],
    [["--backend", "file", "count"], 78, /storage\.file\.path: the file backend needs it/],
    [[...memory, "watch"], 2, /^5001 unsupported: nobody else can write to a store of the backend memory/],
    [
      ["--backend", "file", "--set", "file.path=%/folder", "count"],
      2,
      /^5001 io: open failed: .*is a folder/,
    ],
    [
      ["--backend", "redis", "--set", "redis.port=1", "--timeout", "2s", "get", "k"],
      75,
      /^5001 (unavailable|timeout): /,
    ],
  ];
  for (const [args, code, said] of cases) {
    it(`${args.join(" ")} (${code})`, async () => {
      const result = await box.call(args.map((arg) => arg.replace("%", box.folder)));
      expect(result.stderr).to.match(/^holdfast: /);
      expect(result.stderr.slice("holdfast: ".length)).to.match(said);
      expect(result.stdout).to.equal("");
      expect(result.code).to.equal(code);
    });
  }

  for (const [command, instead] of [
    ["namespaces", "for one namespace: keys --namespace NAME"],
    ["info", "for one namespace: count --namespace NAME"],
    ["verify", "leave --namespace out"],
    ["compact", "leave --namespace out"],
    ["copy --to x.yaml", "for one namespace backup, then restore --only NAME there"],
    ["backup monday", "for one namespace back up all of it, then restore --only NAME"],
    ["restore monday --replace --yes", "for one namespace give --only NAME"],
    ["rekey", "leave --namespace out"],
    ["doctor", "leave --namespace out"],
  ] as const) {
    for (const namespace of ["a", ""]) {
      it(`--namespace ${JSON.stringify(namespace)} with ${command}, which works on the whole store`, async () => {
        const { code, stdout, stderr } = await box.call([
          ...["--config", box.path("storage.yaml"), "-n", namespace],
          ...command.replace("monday", box.path("monday")).split(" "),
        ]);
        expect({ code, stdout }).to.deep.equal({ code: 64, stdout: "" });
        expect(stderr).to.equal(`holdfast: ${command.split(" ")[0]} works on the whole store; ${instead}\n`);
      });
    }
  }

  it("to guess which store is meant, and says how to begin", async () => {
    const nowhere = await box.shell("cd folder && holdfast keys");
    expect(nowhere.code).to.equal(78);
    expect(nowhere.stderr).to.match(
      /^holdfast: neither storage\.yaml nor config\/storage\.yaml is here; .*--config FILE/,
    );
  });

  it("a command line without a command, with the help on standard error", async () => {
    for (const args of [[], ["config"]]) {
      const { code, stdout, stderr } = await box.call(args);
      expect({ code, stdout }).to.deep.equal({ code: 64, stdout: "" });
      expect(stderr).to.match(/^Usage: holdfast/);
    }
  });

  it("in one JSON text when programs ask", async () => {
    const config = box.path("storage.yaml");
    const absent = await box.call(["--json", "--config", config, "get", "gone", "-n", "a"]);
    expect(JSON.parse(absent.stderr)).to.deep.include({
      error: {
        name: "StorageError",
        code: 5004,
        reason: "absent",
        message: 'nothing is stored under "gone" in namespace "a"; holdfast keys lists what is there',
        retryable: false,
        operation: "get",
        key: "gone",
        namespace: "a",
        backend: "file",
        exitCode: 1,
      },
    });
    const usage = await box.call(["gett", "--json"]);
    expect(JSON.parse(usage.stderr)).to.have.nested.property("error.name", "UsageError");
    const wrong = await box.call(["--config", box.path("wrong.yaml"), "config", "check", "--json"]);
    const { error } = JSON.parse(wrong.stderr) as { error: { problems: readonly { path: string }[] } };
    expect(error.problems.map(({ path }) => path)).to.deep.equal([
      "storage.cache.max_entrys",
      "storage.codec",
    ]);
    expect([absent, usage, wrong].flatMap(({ stderr }) => stderr.trimEnd().split("\n"))).to.have.length(3);
  });

  it("and never lets a name steer the terminal", async () => {
    const { stderr } = await box.call([...memory, "get", "\u001b[31mred\u202e"]);
    expect(stderr).to.include(String.raw`"\u001b[31mred\u202e"`);
    const option = await box.call(["\u001b[31m"]);
    expect(option.stderr).to.equal("holdfast: unknown command '\\u001b[31m'\n");
  });
});

describe("holdfast help and version", () => {
  let box: CliSandbox;

  before(() => {
    box = new CliSandbox();
  });

  after(() => box.remove());

  it("are shown when asked for", async () => {
    for (const args of [["--help"], ["help"], ["get", "--help"], ["help", "get"]]) {
      const { code, stdout, stderr } = await box.call(args);
      expect({ code, stderr }, args.join(" ")).to.deep.equal({ code: 0, stderr: "" });
      expect(stdout).to.match(/^Usage: holdfast/);
    }
    expect((await box.call(["--version"])).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });
});
