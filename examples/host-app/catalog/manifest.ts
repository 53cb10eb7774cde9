/** What the catalog keeps of a package.json. */
export interface PackageRecord {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly maintainers: readonly string[];
  readonly dependencies: readonly string[];
  /** Where it was found. */
  readonly path: string;
}

const LONGEST_NAME = 200;

/** The record of a package.json, or undefined when it names no package: many only set `"type": "module"`. */
export function readManifest(content: unknown, path: string): PackageRecord | undefined {
  const manifest = asObject(content);
  const [name, version] = [manifest["name"], manifest["version"]];
  if (typeof name !== "string" || typeof version !== "string") return undefined;
  return {
    id: `${name}@${version}`,
    name,
    version,
    description: asText(manifest["description"]),
    license: licenseOf(manifest),
    maintainers: peopleOf(manifest),
    dependencies: Object.keys(asObject(manifest["dependencies"])),
    path,
  };
}

/** Older manifests have an object, or a list of them under `licenses`. */
function licenseOf(manifest: Readonly<Record<string, unknown>>): string {
  const written = [manifest["license"], manifest["licenses"]].flat();
  const names = written.map((one) => (typeof one === "string" ? one : asText(asObject(one)["type"])));
  return shorten(names.filter((name) => name !== "").join(" OR ")) || "none declared";
}

function peopleOf(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const written = [manifest["author"], manifest["maintainers"], manifest["contributors"]].flat();
  const names = written.map((one) => (typeof one === "string" ? one : asText(asObject(one)["name"])));
  return [...new Set(names.map(withoutAddress).filter((name) => name !== ""))];
}

/** `Name <mail> (site)` → `Name`. */
function withoutAddress(person: string): string {
  return shorten(person.replace(/[<(].*$/s, "").trim());
}

/** Names are parts of keys, which have a limit. */
function shorten(text: string): string {
  return text.slice(0, LONGEST_NAME).toWellFormed();
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
