import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { referenceText } from "../../../scripts/config-reference.js";
import { schemaText } from "../../../scripts/config-schema.js";
import { parse } from "yaml";
import { defaultBackends } from "../../../src/index.js";
import { loadSettings } from "../../../src/plugin/config/load-settings.js";
import { OPTION_PATHS, isSection, optionAt } from "../../../src/plugin/config/options.js";
import { resolveSettings } from "../../../src/plugin/config/resolve-settings.js";

const CONFIG = new URL("../../../config/", import.meta.url);
const BACKENDS = defaultBackends().names;
/** Examples take their secrets from the environment and have no default for them. */
const SECRETS = { PGPASSWORD: "secret", MYSQL_PASSWORD: "secret", REDIS_PASSWORD: "secret" };

function inConfig(path: string): string {
  return fileURLToPath(new URL(path, CONFIG));
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
}

describe("files in config/", () => {
  it("storage.yaml and the schema are what the table of options says (npx tsx scripts/write-config.ts)", () => {
    expect(readFileSync(inConfig("storage.yaml"), "utf8")).to.equal(referenceText());
    expect(readFileSync(inConfig("storage.schema.json"), "utf8")).to.equal(schemaText());
  });

  it("storage.yaml gives every default, and nothing else", async () => {
    const settings = await loadSettings(inConfig("storage.yaml"), { backends: BACKENDS });
    expect(resolveSettings(settings)).to.deep.equal(resolveSettings({}));
  });

  it("storage.yaml loads with every option in it", async () => {
    const text = readFileSync(inConfig("storage.yaml"), "utf8");
    for (const path of OPTION_PATHS) {
      const content = isSection(path) ? "" : " \\S";
      expect(text).to.match(new RegExp(`^ +(# )?${path.split(".").at(-1)}:${content}`, "m"));
      const option = optionAt(path);
      const written = option?.default ?? option?.example;
      const isYaml = ["mapping", "mappings", "nodes"].includes(option?.type.shape.kind ?? "");
      const value: unknown = isYaml ? parse(String(written)) : written;
      if (value !== undefined) expect(option?.type.parse(value), path).to.not.equal(undefined);
    }
  });

  it("the schema is strict inside sections and knows nothing of options to come", () => {
    const { properties } = JSON.parse(schemaText()) as {
      properties: { storage: { properties: Record<string, { additionalProperties?: unknown }> } };
    };
    const { storage } = properties;
    const sections = ["cache", "transaction", "changes", "backup", "encryption", "memory", "file", "sqlite"];
    for (const section of sections) {
      expect(storage.properties[section]).to.have.property("additionalProperties", false);
    }
    expect(storage.properties).to.not.have.any.keys("dashboard", "metrics");
  });

  it("the schema takes 0 for a duration exactly where the loader does", () => {
    const { properties } = JSON.parse(schemaText()) as { properties: { storage: Schema } };
    for (const path of OPTION_PATHS) {
      const type = optionAt(path)?.type;
      if (type?.shape.kind !== "duration") continue;
      const schema = path
        .split(".")
        .reduce<Schema>((section, name) => section.properties?.[name] as Schema, properties.storage);
      const [number, text] = schema.anyOf ?? [];
      for (const ms of [0, 0.5, 1]) {
        const isTaken = type.parse(ms) !== undefined;
        expect(ms >= (number?.minimum ?? 0) && ms > (number?.exclusiveMinimum ?? -1), path).to.equal(isTaken);
        expect(new RegExp(text?.pattern ?? "").test(`${ms}s`), path).to.equal(isTaken);
      }
    }
  });

  const examples = readdirSync(inConfig("examples"));

  it("has examples for the backends there are", () => {
    expect(examples).to.include.members(BACKENDS.map((backend) => `${backend}.yaml`));
  });

  for (const example of examples) {
    it(`examples/${example} is accepted`, async () => {
      const options = { backends: BACKENDS, environment: SECRETS };
      const settings = await loadSettings(inConfig(`examples/${example}`), options);
      expect(resolveSettings(settings).backend).to.be.oneOf(BACKENDS);
    });
  }
});
