import { isAbsolute, resolve } from "node:path";

/** A path that stays the same when the current folder changes; one that begins at the root is left as it is written. */
export function absolutePath(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}
