import { expect } from "chai";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { ConfigError } from "../../../src/plugin/config/config-error.js";
import { loadSettings } from "../../../src/plugin/config/load-settings.js";
import { readKeys } from "../../../src/plugin/config/read-keys.js";
import { resolveSettings } from "../../../src/plugin/config/resolve-settings.js";
import type { StorageSettings } from "../../../src/plugin/settings.js";

/** A setting of encryption by one key. */
function encrypted(more: NonNullable<StorageSettings["encryption"]>): StorageSettings {
  return { encryption: { keys: [{ id: "a", env: "A" }], ...more } };
}

function problemsOf(settings: StorageSettings): readonly string[] {
  try {
    resolveSettings(settings);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe("settings of encryption", () => {
  it("name the key of backups, whether values are encrypted or not", () => {
    const backup = { key: "a" };
    expect(resolveSettings({ ...encrypted({ active: "none" }), backup }).encryption.backupKey).to.equal("a");
    expect(resolveSettings(encrypted({})).encryption.backupKey).to.equal(undefined);
  });

  it("take the only key for the active one, and none for writing plain", () => {
    expect(resolveSettings(encrypted({})).encryption.active).to.equal("a");
    expect(resolveSettings(encrypted({ active: "none" })).encryption.active).to.equal(undefined);
  });

  describe("refuse", () => {
    const mistakes: readonly (readonly [string, StorageSettings, readonly string[]])[] = [
      [
        "keys that are no list",
        { encryption: { keys: "canary" as never } },
        ["storage.encryption.keys: what is written is not accepted; give a list of sections"],
      ],
      [
        "a key in the configuration, without repeating it",
        encrypted({ keys: [{ id: "a", key: "canary" } as never] }),
        [
          "storage.encryption.keys.0.key: unknown option; a key has an id, and env or file; the key itself does not stand in a configuration",
        ],
      ],
      [
        "a key without an id, and ids that are not allowed",
        encrypted({ keys: [{ env: "A" } as never, { id: "none", env: "A" }, { id: "-", env: "A" }] }),
        ["keys.0", "keys.1.id", "keys.2.id"].map(
          (path) =>
            `storage.encryption.${path}: the id of a key is missing or not allowed; give 1 to 32 letters, digits, ".", "_" and "-", a letter or digit first, and not none`,
        ),
      ],
      [
        "an id that YAML reads as a number",
        encrypted({ keys: [{ id: 2026, env: "A" } as never] }),
        ["storage.encryption.keys.0.id: the id of a key is text, and 2026 is a number; put it in quotes"],
      ],
      [
        "a key from nowhere, and one from two places",
        encrypted({ keys: [{ id: "a" } as never, { id: "b", env: "B", file: "b" }], active: "a" }),
        ["keys.0", "keys.1"].map(
          (path) =>
            `storage.encryption.${path}: give env, the name of a variable, or file, a path; one of them, as text`,
        ),
      ],
      [
        "two keys of one id",
        encrypted({
          keys: [
            { id: "a", env: "A" },
            { id: "a", env: "B" },
          ],
          active: "a",
        }),
        ['storage.encryption.keys: two keys are called "a"; give each its own id'],
      ],
      [
        "several keys and none of them active",
        encrypted({
          keys: [
            { id: "a", env: "A" },
            { id: "b", env: "B" },
          ],
        }),
        ["storage.encryption.keys: several keys; say which one writes, as encryption.active: b"],
      ],
      [
        "an active key that is not there",
        encrypted({ active: "b" }),
        ['storage.encryption.active: no key is called "b"; choose one of a, or none'],
      ],
      [
        "an active key without any",
        { encryption: { active: "b" } },
        ['storage.encryption.active: no key is called "b"; there are no keys'],
      ],
      [
        "a key of backups that is not there",
        { ...encrypted({}), backup: { key: "b" } },
        ['storage.backup.key: no key is called "b"; choose one of a'],
      ],
      [
        "a key of backups without any",
        { backup: { key: "b" } },
        ['storage.backup.key: no key is called "b"; there are no keys; add it to encryption.keys'],
      ],
      [
        "plain values refused and written",
        encrypted({ active: "none", plain: "refuse" }),
        ["storage.encryption.plain: refuse needs an active key, or nothing that is written could be read"],
      ],
    ];
    for (const [name, settings, problems] of mistakes) {
      it(name, () => {
        expect(problemsOf(settings)).to.deep.equal(problems);
      });
    }
  });
});

describe("reading keys", () => {
  const HEX = "0123456789abcdef".repeat(4);
  const BASE64 = Buffer.from(HEX, "hex").toString("base64");
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-keys-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function keyFile(content: string | Uint8Array, mode = 0o600): Promise<string> {
    const path = join(folder, "a.key");
    await writeFile(path, content);
    await chmod(path, mode);
    return path;
  }

  /** Of a file with two keys, the second of which is written as given. */
  async function load(
    second: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<StorageSettings> {
    const path = join(folder, "app.yaml");
    const keys = `    keys:\n      - { id: a, env: A }\n      - ${second}\n`;
    await writeFile(path, `storage:\n  encryption:\n${keys}    active: a\n`);
    return loadSettings(path, { environment: { A: HEX, ...environment } });
  }

  async function refusal(second: string, environment = {}): Promise<string> {
    const error: unknown = await load(second, environment).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ConfigError);
    return (error as ConfigError).message.replaceAll(folder, "FOLDER");
  }

  it("takes 32 bytes as hex or base64, from the environment or a file, with space around them", async () => {
    const file = await keyFile(`${BASE64}\n`, 0o640);
    const keys = [
      { id: "hex", env: "HEX" },
      { id: "base64", env: "BASE64" },
      { id: "file", file },
    ];
    const environment = { HEX: ` ${HEX.toUpperCase()}`, BASE64: BASE64.slice(0, -1) };
    const ring = readKeys({ keys, active: "file", plain: "read" }, undefined, environment);
    const prints = ["hex", "base64", "file"].map((id) => Buffer.from(ring.find(id)?.fingerprint ?? []));
    expect(ring.active).to.equal(ring.find("file"));
    expect(prints[0]).to.have.length(8).and.deep.equal(prints[1]).and.deep.equal(prints[2]);
  });

  it("keeps what keys are made of out of sight", () => {
    const environment = { A: HEX };
    const ring = readKeys(
      { keys: [{ id: "a", env: "A" }], active: "a", plain: "read" },
      undefined,
      environment,
    );
    const shown = inspect(ring, { depth: 9, showHidden: true }) + JSON.stringify([ring, ring.active]);
    expect(shown).to.not.include("01 23").and.not.include("0123").and.not.include(BASE64.slice(0, 8));
  });

  it("says where a key stands that is too short, and how long it should be, without repeating it", async () => {
    expect(await refusal("{ id: b, env: B }", { B: "canary-canary" })).to.equal(
      'FOLDER/app.yaml:5:9 storage.encryption.keys.1: key "b": the environment variable B holds 13 characters that are not 32 bytes as base64 (44 characters) or hex (64); make one with: openssl rand -base64 32',
    );
  });

  const flaws: readonly (readonly [string, string | Uint8Array, number, string])[] = [
    ["a file with too many bytes", `${HEX}00`, 0o600, "FOLDER/a.key holds 66 characters that are not"],
    ["an empty file", "", 0o600, "FOLDER/a.key holds 0 characters that are not"],
    ["a file of raw bytes", Buffer.alloc(32, 200), 0o600, "FOLDER/a.key holds 32 characters that are not"],
    ["a file that others can read", HEX, 0o604, "others can read or change FOLDER/a.key (mode 604)"],
    ["a file that its group can write", HEX, 0o620, "others can read or change FOLDER/a.key (mode 620)"],
  ];
  for (const [name, content, mode, message] of flaws) {
    it(`refuses ${name}`, async () => {
      await keyFile(content, mode);
      expect(await refusal(`{ id: b, file: ${folder}/a.key }`))
        .to.include(message)
        .and.include("app.yaml:5:9 ");
    });
  }

  it("refuses a file that is not there, a folder, and a variable that is not set", async () => {
    expect(await refusal(`{ id: b, file: ${folder}/b.key }`)).to.include("the file cannot be read: ENOENT");
    expect(await refusal(`{ id: b, file: ${folder} }`)).to.include("FOLDER is not a file");
    expect(await refusal("{ id: b, env: toString }")).to.include("variable toString is not set");
    expect(await refusal("{ id: b, env: B }", { B: " " })).to.include(
      "variable B is empty; set it to the key",
    );
  });
});
