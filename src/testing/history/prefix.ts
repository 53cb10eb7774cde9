import type { Element } from "./history.js";

/** Whether a list begins with all elements of another. */
export function startsWith(list: readonly Element[], prefix: readonly Element[]): boolean {
  return list.length >= prefix.length && prefix.every((element, index) => list[index] === element);
}
