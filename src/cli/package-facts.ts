import { readFileSync } from "node:fs";

/** Where the package lies, as compiled and as source. */
const PACKAGE = new URL("../../", import.meta.url);

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** What package.json says. */
export function packageManifest(): Manifest {
  return JSON.parse(readFileSync(new URL("package.json", PACKAGE), "utf8")) as Manifest;
}

/** The JSON Schema of the configuration, as the package ships it. */
export function configurationSchema(): string {
  return readFileSync(new URL("config/storage.schema.json", PACKAGE), "utf8");
}
