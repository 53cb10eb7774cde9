// Writes config/storage.schema.json and config/storage.yaml from the table of options: npx tsx scripts/write-config.ts
import { writeFileSync } from "node:fs";
import { referenceText } from "./config-reference.js";
import { schemaText } from "./config-schema.js";

const config = new URL("../config/", import.meta.url);
writeFileSync(new URL("storage.schema.json", config), schemaText());
writeFileSync(new URL("storage.yaml", config), referenceText());
