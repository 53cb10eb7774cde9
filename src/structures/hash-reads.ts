import { ENTRY_TYPE } from "../core/entry.js";
import type { StructureView } from "../transaction/structure-view.js";
import { decodeField, fieldItems, fieldOf, hashOf } from "./hash-fields.js";
import { broken, requireType } from "./structure-head.js";

export async function readCountOfFields(view: StructureView, key: string): Promise<number> {
  return hashOf(await view.head(key))?.count ?? 0;
}

/** The value of a field, wrapped; undefined when there is none. */
export async function readField(
  view: StructureView,
  key: string,
  field: string,
): Promise<{ readonly value: unknown } | undefined> {
  const { items } = await view.read(key, (head) => fieldItems(hashOf(head), [field]));
  const [item] = items;
  return item === undefined ? undefined : decodeField((data) => view.decode(data), item);
}

/** Every field with its value, in the order in which they were first set. */
export async function readFields(
  view: StructureView,
  key: string,
): Promise<readonly (readonly [field: string, value: unknown])[]> {
  const { head, items } = await view.readAll(key, (found) => requireType(found, ENTRY_TYPE.hash));
  const count = hashOf(head)?.count ?? 0;
  if (items.length !== count) throw broken(ENTRY_TYPE.hash, `it has ${items.length} fields of ${count}`);
  const fields = items.map(
    ([item, data]) => [fieldOf(item), decodeField((payload) => view.decode(payload), data)] as const,
  );
  fields.sort(([, a], [, b]) => a.place - b.place);
  return fields.map(([field, { value }]) => [field, value] as const);
}
