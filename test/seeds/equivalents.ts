import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as root from "../../src/index.js";
import { background, codec, type StoragePlugin } from "../../src/index.js";
import { MemoryManager } from "../../src/memory/index.js";
import { ROOT } from "../architecture/source-tree.js";

/** One name of a source document, and its equivalent. */
export interface Equivalent {
  readonly there: string;
  readonly here: string;
  /** Where the two differ; "" where they do not. */
  readonly difference: string;
}

function sectionOf(heading: string): string {
  const sections = readFileSync(join(ROOT, "docs/seeds.md"), "utf8").split(/^## /m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/seeds.md has no section "${heading}"`);
  return section;
}

/** The rows of the tables in docs/seeds.md below a heading of the second level. */
export function equivalentsOf(source: string): readonly Equivalent[] {
  const cells = [...sectionOf(source).matchAll(/^\| (.+?) \| `(.+?)` \|(.*)\|$/gm)];
  return cells.map(([, there = "", here = "", difference = ""]) => ({
    there: there.replaceAll("`", ""),
    here,
    difference: difference.trim(),
  }));
}

/** A test that holds a case, by the table of docs/seeds.md. */
export interface HoldingTest {
  readonly number: number;
  /** From the root of the repository. */
  readonly file: string;
  /** As it stands in the file. */
  readonly title: string;
}

export function holdingTests(): readonly HoldingTest[] {
  let number = 0;
  const rows = sectionOf("Cases that hold on every store").matchAll(/^\| (\d*) ?\|.*\| `(.+?)`: (.+) \|$/gm);
  return [...rows].map(([, of = "", file = "", title = ""]) => {
    if (of !== "") number = Number(of);
    return { number, file, title };
  });
}

/**
 * What stands under a name of ours: `storage.…` in the configuration's schema, `StoragePlugin.…` and the other owners in
 * an object of that kind, anything else in the package root. Undefined when there is none.
 */
export async function findName(storage: StoragePlugin, name: string): Promise<unknown> {
  const [owner = "", member] = name.replace(/:$/, "").split(".");
  if (owner === "storage") return schemaAt(name.replace(/:$/, "").split("."));
  const holder = member === undefined ? undefined : await holderOf(storage, owner);
  return holder === undefined ? Reflect.get(root, owner) : Reflect.get(holder, member as string);
}

async function holderOf(storage: StoragePlugin, owner: string): Promise<object | undefined> {
  const ctx = background();
  if (owner === "StoragePlugin") return storage;
  if (owner === "List") return storage.list("list");
  if (owner === "Hash") return storage.hash("hash");
  if (owner === "Counter") return storage.counter("counter");
  if (owner === "Codec") return codec("json");
  if (owner === "MemoryManager") return new MemoryManager({ storage });
  if (owner === "CacheStats") return await storage.getCacheStats(ctx);
  if (owner === "StoreInfo") return await storage.info(ctx);
  if (owner !== "Transaction") return undefined;
  const tx = await storage.beginTransaction(ctx);
  await tx.rollback();
  return tx;
}

/** The parts of the configuration's schema that stand at a path, in a section or an alternative of it. */
function schemaAt(path: readonly string[]): unknown {
  const schema = JSON.parse(readFileSync(join(ROOT, "config/storage.schema.json"), "utf8")) as unknown;
  return path.reduce<unknown>(
    (at, name) => (at as { properties?: Record<string, unknown> })?.properties?.[name],
    schema,
  );
}
