import type { OptionShape } from "../src/plugin/config/option-type.js";
import { isSection, namesIn, optionAt } from "../src/plugin/config/options.js";
import type { Option } from "../src/plugin/config/option.js";

type Schema = Readonly<Record<string, unknown>>;

/** Options that are not text may be filled in from the environment. */
const REFERENCE: Schema = { type: "string", pattern: "\\$\\{" };

const DURATION =
  "^(\\d+(\\.\\d+)?d)?(\\d+(\\.\\d+)?h)?(\\d+(\\.\\d+)?m)?(\\d+(\\.\\d+)?s)?(\\d+(\\.\\d+)?ms)?$";
/** One whose digits are not all 0. */
const POSITIVE_DURATION = DURATION.replace("^", "^(?=.*[1-9])");
const SIZE = "^\\d+(\\.\\d+)?\\s?([KMG]i?B|B)?$";

function shapeSchemas(shape: OptionShape): readonly Schema[] {
  switch (shape.kind) {
    case "duration":
      return shape.positive
        ? [{ type: "number", exclusiveMinimum: 0 }, { type: "string", pattern: POSITIVE_DURATION }, REFERENCE]
        : [{ type: "number", minimum: 0 }, { type: "string", minLength: 1, pattern: DURATION }, REFERENCE];
    case "size":
      return [{ type: "integer", minimum: 1 }, { type: "string", pattern: SIZE }, REFERENCE];
    case "count":
      return [{ type: "integer", minimum: shape.atLeast }, REFERENCE];
    case "flag":
      return [{ type: "boolean" }, REFERENCE];
    case "text":
      return [{ type: "string", minLength: 1 }];
    case "nodes":
      return [{ type: "boolean" }, { type: "array", minItems: 1, items: { type: "string", minLength: 1 } }];
    case "mapping":
      return [{ type: "object" }];
    case "mappings":
      return [{ type: "array", minItems: 1, items: { type: "object" } }];
    case "choice":
      return [{ enum: shape.choices }, REFERENCE];
  }
}

function optionSchema(option: Option<unknown>): Schema {
  const shapes = shapeSchemas(option.type.shape);
  return {
    description: option.description,
    ...(option.default !== undefined && { default: option.default }),
    ...(shapes.length === 1 ? shapes[0] : { anyOf: shapes }),
  };
}

function sectionSchema(section: string): Schema {
  const properties = namesIn(section).map((name) => {
    const path = section === "" ? name : `${section}.${name}`;
    const option = optionAt(path);
    if (option === undefined) return [name, sectionSchema(path)] as const;
    if (!isSection(path)) return [name, optionSchema(option)] as const;
    // A word by itself, or a section.
    return [name, { anyOf: [optionSchema(option), sectionSchema(path)] }] as const;
  });
  return {
    type: ["object", "null"],
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

/** The JSON Schema of a host's configuration: strict below `storage:`, open for the sections of other plugins. */
export function configSchema(): Schema {
  const storage = sectionSchema("");
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Holdfast configuration",
    type: "object",
    properties: {
      storage: {
        description: "The storage plugin.",
        ...storage,
        // Backends registered by others have a section of their own name.
        additionalProperties: {
          type: "object",
          description: "Options of the backend registered under this name.",
        },
      },
    },
  };
}

/** The file as it should stand in config/. */
export function schemaText(): string {
  return `${JSON.stringify(configSchema(), null, 2)}\n`;
}
