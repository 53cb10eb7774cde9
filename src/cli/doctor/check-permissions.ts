import { readFile, stat } from "node:fs/promises";
import type { StoreInfo } from "../../index.js";
import type { EffectiveOption } from "../effective-options.js";
import { plural } from "../plural.js";
import { ok, warning, type Finding } from "./finding.js";

const OTHERS = 0o077;
/** A store can have a file for each key. */
const MOST_NAMED = 3;

/** Whether anybody but the owner can read the files of the store. */
export async function checkFiles({ files = [] }: StoreInfo): Promise<readonly Finding[]> {
  if (files.length === 0) return [];
  const open = await openToOthers(files.map(({ path }) => path));
  if (open.length === 0) return [ok("permissions", "the files of the store are the owner's alone")];
  const named = open.slice(0, MOST_NAMED);
  const more = open.length - named.length;
  return [
    ...named.map((path) => warning("permissions", `${path} is open to other users`, `chmod 600 ${path}`)),
    ...(more === 0
      ? []
      : [
          warning(
            "permissions",
            `so are ${plural(more, "more file")}`,
            "holdfast info --json lists all files",
          ),
        ]),
  ];
}

/**
 * Whether anybody but the owner can read secrets that stand in the configuration.
 *
 * @param file the configuration's; undefined when there is none.
 */
export async function checkSecrets(
  file: string | undefined,
  options: readonly EffectiveOption[],
): Promise<readonly Finding[]> {
  if (file === undefined) return [];
  const text = await readFile(file, "utf8");
  const written = options.filter(({ secret }) => typeof secret === "string" && text.includes(secret));
  if (written.length === 0 || (await openToOthers([file])).length === 0) return [];
  const names = written.map(({ path }) => path).join(", ");
  return [
    warning(
      "secrets",
      `${file} holds ${names} and is open to other users`,
      `chmod 600 ${file}, or take it from the environment: \${NAME}`,
    ),
  ];
}

async function openToOthers(paths: readonly string[]): Promise<string[]> {
  const modes = await Promise.all(paths.map(modeOf));
  return paths.filter((_path, i) => ((modes[i] ?? 0) & OTHERS) !== 0);
}

/** Undefined when the file is gone: a store replaces its files. */
async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode;
  } catch {
    return undefined;
  }
}
