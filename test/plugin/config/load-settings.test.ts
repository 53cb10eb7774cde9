import { expect } from "chai";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError } from "../../../src/plugin/config/config-error.js";
import { loadHostConfig } from "../../../src/plugin/config/host-config.js";
import { loadSettings } from "../../../src/plugin/config/load-settings.js";
import { MAX_CONFIG_BYTES } from "../../../src/plugin/config/yaml-file.js";

describe("loading settings from YAML", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-config-"));
    path = join(folder, "app.yaml");
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function load(yaml: string | Uint8Array, environment: Readonly<Record<string, string>> = {}) {
    await writeFile(path, yaml);
    return loadSettings(path, { environment });
  }

  /** The message of the refusal, with the path of the file shortened to FILE. */
  async function refusal(yaml: string | Uint8Array, environment?: Readonly<Record<string, string>>) {
    const error: unknown = await load(yaml, environment).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(ConfigError);
    return (error as ConfigError).message.replaceAll(path, "FILE");
  }

  it("wants no variable of another plugin's section, but for what is meant by an alias", async () => {
    const others = "lastfm:\n  token: ${LASTFM_TOKEN}\nodd: a ${} b\n";
    expect(await load(`${others}storage: { cache_size: 7 }\n`)).to.deep.equal({ cache_size: 7 });
    expect(await refusal(`${others}storage: { cache_size: "\${SIZE}" }\n`)).to.include("SIZE");
    expect(await refusal("sizes:\n  small: &small ${SIZE}\nstorage:\n  cache_size: *small\n")).to.include(
      "SIZE",
    );
    await writeFile(path, others);
    const whole: unknown = await loadHostConfig(path, {}).catch((error: unknown) => error);
    expect(String(whole)).to.include("LASTFM_TOKEN");
  });

  it("takes the keys of the seed", async () => {
    const yaml = `storage:
  backend: "memory"  # memory, file, database
  file_path: "/tmp/musicfox/storage.json"
  cache_size: 1000
  ttl_cleanup_interval: "5m"
`;
    expect(await load(yaml)).to.deep.equal({
      backend: "memory",
      file_path: "/tmp/musicfox/storage.json",
      cache_size: 1000,
      ttl_cleanup_interval: "5m",
    });
  });

  it("leaves the sections of other plugins alone", async () => {
    expect(await load("storage: { backend: memory }\ncatalog: { anything: [1, 2] }\n")).to.deep.equal({
      backend: "memory",
    });
  });

  it("takes a section with nothing in it", async () => {
    expect(await load("storage:\n")).to.deep.equal({});
  });

  it("resolves anchors and aliases", async () => {
    const yaml = "common: &common { max_entries: 5 }\nstorage: { cache: *common }\n";
    expect(await load(yaml)).to.deep.equal({ cache: { max_entries: 5 } });
  });

  describe("environment variables", () => {
    const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, unknown])[] = [
      ["filled in", "codec: ${C}", { C: "json" }, { codec: "json" }],
      ["within text", "file_path: ${A}/x/${B}.json", { A: "a", B: "b" }, { file_path: "a/x/b.json" }],
      ["a default", "cache_size: ${SIZE:-7}", {}, { cache_size: 7 }],
      ["a default for an empty one", "cache_size: ${SIZE:-7}", { SIZE: "" }, { cache_size: 7 }],
      ["a number", "cache_size: ${SIZE}", { SIZE: "12" }, { cache_size: 12 }],
      ["a truth value", "auto_save: ${SAVE}", { SAVE: "true" }, { auto_save: true }],
      ["an escape", "file_path: a$${B}", { B: "b" }, { file_path: "a${B}" }],
      ["a dollar on its own", "file_path: a$B", { B: "b" }, { file_path: "a$B" }],
      ["not filled in twice", "file_path: ${A}", { A: "${B}", B: "b" }, { file_path: "${B}" }],
      ["no YAML from outside", "file_path: ${A}", { A: "{ a: 1 }" }, { file_path: "{ a: 1 }" }],
    ];
    for (const [name, line, environment, expected] of cases) {
      it(name, async () => {
        expect(await load(`storage:\n  backend: memory\n  ${line}\n`, environment)).to.deep.equal({
          backend: "memory",
          ...(expected as object),
        });
      });
    }

    it("keep text text when quoted", async () => {
      expect(await refusal('storage:\n  cache_size: "${SIZE}"\n', { SIZE: "12" })).to.equal(
        'FILE:2:3 storage.cache_size: "12" is not accepted; give a whole number, 0 or more',
      );
    });

    it("are not filled in into names", async () => {
      expect(await refusal("storage:\n  ${A}: json\n", { A: "codec" })).to.equal(
        "FILE:2:3 storage.${A}: unknown option; remove it, or check its spelling in config/storage.yaml",
      );
    });

    it("are not taken from the prototype of the environment", async () => {
      expect(await refusal("storage: { codec: '${toString}' }", {})).to.include("toString is not set");
    });
  });

  describe("refuses", () => {
    const cases: readonly (readonly [string, string | Uint8Array, string])[] = [
      [
        "a misspelt option, where it stands",
        "storage:\n  backend: memory\n\n  cache_sise: 5\n",
        'FILE:4:3 storage.cache_sise: unknown option; did you mean "cache_size"',
      ],
      [
        "several mistakes, each where it stands",
        "storage:\n  cache:\n    ttl: soon\n    max_entries: -3\n  codec: [yaml]\n",
        [
          "3 problems in the configuration",
          'FILE:3:5 storage.cache.ttl: "soon" is not accepted; give milliseconds or text such as "250ms", "30s", "5m", "1h30m", or 0 for none',
          "FILE:4:5 storage.cache.max_entries: -3 is not accepted; give a whole number, 0 or more",
          "FILE:5:3 storage.codec: a list is not accepted; give text",
        ].join("\n  "),
      ],
      [
        "what is missing, at its section",
        "storage:\n  backend: file\n  file:\n    backup_count: 1\n",
        "FILE:3:3 storage.file.path: the file backend needs it; give the path of the data file, such as ./data/store.json",
      ],
      [
        "an url that the backend would not take, without what is written",
        "storage:\n  backend: postgres\n  postgres:\n    url: http://ann:secret@host\n    table: a; drop\n",
        [
          "2 problems in the configuration",
          "FILE:4:5 storage.postgres.url: what is written is not accepted; give postgres://user:password@host:5432/database",
          'FILE:5:5 storage.postgres.table: "a; drop" is not accepted; give 1 to 40 lower-case letters, digits and "_", not beginning with a digit',
        ].join("\n  "),
      ],
      [
        "a mistake behind an alias",
        "shared: &shared\n  ttl: soon\nstorage:\n  cache: *shared\n",
        'FILE:2:3 storage.cache.ttl: "soon" is not accepted; give milliseconds or text such as "250ms", "30s", "5m", "1h30m", or 0 for none',
      ],
      [
        "a file without the section",
        "storge: {}\n",
        'FILE:1:1 storage: no such section; did you mean "storge"',
      ],
      ["an empty file", "", "FILE:1:1 storage: no such section; add it, with the backend below it"],
      ["a file that is a list", "- storage\n", "FILE:1:1: not a mapping; give one section per plugin"],
      [
        "a key given twice",
        "storage:\n  codec: json\n  codec: json\n",
        'FILE:3:3: the key "codec" stands in this section already; remove one of the two',
      ],
      [
        "a key given twice in brackets",
        "storage: { codec: json, codec: v8 }\n",
        'FILE:1:25: the key "codec" stands in this section already; remove one of the two',
      ],
      [
        "a tab as indentation",
        "storage:\n\tcodec: json\n",
        "FILE:2:1: a tab in the indentation; indent by spaces",
      ],
      [
        "a list as a key",
        "storage:\n  backend: file\n  ? [a, b]\n  : 1\n",
        "FILE:3:5: a list or a section as a key; give a name, and put what is below it in its place",
      ],
      [
        "a section as a key",
        "storage:\n  {}: 1\n",
        "FILE:2:3: a list or a section as a key; give a name, and put what is below it in its place",
      ],
      [
        "an alias as a key",
        "storage: &name\n  codec: json\nother:\n  *name : 1\n",
        "FILE:4:3: an alias as a key; write the name out",
      ],
      [
        "an alias of nothing",
        "storage:\n  codec: *missing\n",
        "FILE:2:10: no value before this has the anchor &missing; set it there, or write the value out",
      ],
      [
        "a secret in the wrong place, without telling it",
        "storage:\n  redis:\n    password: 's3c'r3t\n",
        "FILE:3:20: something that cannot stand behind what is before it; see whether a quote, a bracket or a - is missing or too many",
      ],
      [
        "text with a colon",
        "storage:\n  file_path: a: b\n",
        'FILE:2:14: a second key within the value of the one before; give each key a line of its own in the column of its neighbours, and put text that holds ": " in quotes',
      ],
      [
        "broken YAML",
        "storage:\n  cache: { max_entries: 5\n",
        "FILE:3:1: an indentation that does not fit, or a [ or { before this that is not closed; " +
          "let what belongs together start in one column, and close brackets",
      ],
      [
        "two documents",
        "storage: {}\n---\nstorage: {}\n",
        "FILE:2:1: a second document begins here; keep one, and take the --- or ... between them away",
      ],
      [
        "a tag nobody knows",
        "storage: !!js/function 'x'\n",
        "FILE:1:10: a tag (!name) that is not known, or does not fit its value; take it away",
      ],
      ["a file that is not UTF-8", new Uint8Array([0x61, 0xff]), "FILE: not text in UTF-8; save it as UTF-8"],
      [
        "a file too large",
        " ".repeat(MAX_CONFIG_BYTES + 1),
        `FILE: ${MAX_CONFIG_BYTES + 1} bytes long, more than the ${MAX_CONFIG_BYTES} a configuration may have`,
      ],
      [
        "a variable that is not set",
        "storage:\n  file_path: ${MISSING}/a\n",
        "FILE:2:14: environment variable MISSING is not set; set it, or write ${MISSING:-default}",
      ],
      [
        "a reference that is none",
        "storage:\n  file_path: a${1x}\n",
        'FILE:2:14: "${1x}" is no reference; write ${NAME} or ${NAME:-default}',
      ],
      [
        "a reference without an end",
        "storage:\n  file_path: a${X\n",
        'FILE:2:14: "${" without "}"; close it, or write "$${" for the plain characters',
      ],
    ];
    for (const [name, yaml, message] of cases) {
      it(name, async () => {
        expect(await refusal(yaml)).to.equal(message);
      });
    }

    it("aliases that multiply", async () => {
      const levels = Array.from({ length: 9 }, (_, level) => {
        const items = Array.from({ length: 9 }, () => (level === 0 ? "x" : `*a${level - 1}`));
        return `a${level}: &a${level} [${items.join(", ")}]`;
      });
      expect(await refusal(`${levels.join("\n")}\nstorage: {}\n`)).to.equal(
        "FILE:1:1: aliases that resolve more than 100 times; write the values out",
      );
    });

    it("values that grow without end", async () => {
      expect(await refusal("storage: { file_path: '${A}' }\n", { A: "a".repeat(70_000) })).to.equal(
        "FILE:1:23: longer than 65536 characters once filled in; give less",
      );
    });

    it("a folder", async () => {
      const error: unknown = await loadSettings(dirname(path)).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ConfigError);
      expect((error as ConfigError).message).to.equal(
        `${dirname(path)}: a folder; give the path of the YAML file in it`,
      );
      expect((error as ConfigError).cause).to.have.property("code", "EISDIR");
    });

    it("a file that is not there, with the cause", async () => {
      const error: unknown = await loadSettings(path).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ConfigError);
      expect((error as ConfigError).message).to.equal(
        `${path}: cannot be read: ENOENT: no such file or directory, open '${path}'; create it, or give another path`,
      );
      expect((error as ConfigError).cause).to.have.property("code", "ENOENT");
    });
  });

  it("a host's configuration names its sections and where their parts stand", async () => {
    await writeFile(path, "storage:\n  backend: memory\naudit:\n  - one\n  - two\n");
    const config = await loadHostConfig(path);
    expect(config.names).to.deep.equal(["storage", "audit"]);
    const audit = config.section("audit");
    expect(audit.value).to.deep.equal(["one", "two"]);
    expect(audit.locate([1])).to.equal(`${path}:5:5`);
    expect(config.section("nobody").value).to.equal(undefined);
    expect(config.section("nobody").locate(["x"])).to.equal(`${path}:1:1`);
  });

  it("reads the real environment unless told otherwise", async () => {
    process.env["HOLDFAST_TEST_CODEC"] = "json";
    try {
      await writeFile(path, "storage: { codec: '${HOLDFAST_TEST_CODEC}' }\n");
      expect(await loadSettings(path)).to.deep.equal({ codec: "json" });
    } finally {
      delete process.env["HOLDFAST_TEST_CODEC"];
    }
    expect(await readFile(path, "utf8")).to.include("HOLDFAST_TEST_CODEC");
  });
});
