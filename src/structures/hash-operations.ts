import { ENTRY_TYPE, type Payload } from "../core/entry.js";
import type { StoredKey } from "../core/key.js";
import type { FoldedOperation } from "../transaction/folded-operations.js";
import type { Head } from "../transaction/head.js";
import type { TransactionCore } from "../transaction/transaction-core.js";
import { updateStructure } from "../transaction/transaction-view.js";
import { requireNumber } from "./counter-operations.js";
import {
  decodeField,
  fieldItems,
  hashOf,
  named,
  newHash,
  putField,
  putHash,
  type HashItem,
  type HashState,
} from "./hash-fields.js";
import { isStructure } from "./structure-head.js";

/** Sets fields; one that is there keeps its place. Gives how many are new. */
export function setFields(
  key: string,
  fields: readonly (readonly [field: string, value: unknown])[],
): FoldedOperation<number> {
  const names = fields.map(([field]) => field);
  return changeFields(key, names, (core, head, items) => {
    if (fields.length === 0) return 0;
    const before = hashOf(head) ?? newHash(core);
    let { count, next } = before;
    for (const [i, item] of fieldItems(before, names).entries()) {
      const place = placeOf(core, items[i]) ?? next;
      if (place === next) {
        count += 1;
        next += 1;
      }
      putField(core, item, { place, value: (fields[i] as (typeof fields)[number])[1] });
    }
    putHash(core, key, head, { ...before, count, next });
    return count - before.count;
  });
}

/** Removes fields; gives how many there were. */
export function deleteFields(key: string, fields: readonly string[]): FoldedOperation<number> {
  const names = [...new Set(fields)];
  return changeFields(key, names, (core, head, items) => {
    const hash = hashOf(head);
    const there = fieldItems(hash, names).filter((_item, i) => items[i] !== undefined);
    if (hash === undefined || there.length === 0) return 0;
    for (const item of there) core.delete(item);
    putHash(core, key, head, { ...hash, count: hash.count - there.length });
    return there.length;
  });
}

/** Adds to the number in a field, 0 when it is absent; gives the sum. */
export function addToField(key: string, field: string, by: number): FoldedOperation<number> {
  return changeFields(key, [field], (core, head, items) => {
    const before = hashOf(head) ?? newHash(core);
    const known = decoded(core, items[0]);
    const sum = (known === undefined ? 0 : requireNumber(known.value, "field", named(field))) + by;
    const [item] = fieldItems(before, [field]) as [StoredKey];
    putField(core, item, { place: known?.place ?? before.next, value: sum });
    putHash(core, key, head, known === undefined ? oneMore(before) : before);
    return sum;
  });
}

/** A change that needs to know what some fields hold. */
function changeFields<R>(
  key: string,
  fields: readonly string[],
  write: (core: TransactionCore, head: Head | undefined, items: readonly (Payload | undefined)[]) => R,
): FoldedOperation<R> {
  return {
    run: (core) =>
      updateStructure(
        core,
        key,
        (head) => fieldItems(hashOf(head), fields),
        ({ head, items }) => write(core, head, items),
      ),
    wanted: (head) => (isStructure(head, ENTRY_TYPE.hash) ? fieldItems(hashOf(head), fields) : []),
  };
}

function oneMore(hash: HashState): HashState {
  return { ...hash, count: hash.count + 1, next: hash.next + 1 };
}

function placeOf(core: TransactionCore, item: Payload | undefined): number | undefined {
  return decoded(core, item)?.place;
}

function decoded(core: TransactionCore, item: Payload | undefined): HashItem | undefined {
  if (item === undefined) return undefined;
  return decodeField((payload) => core.services.source.decodePayload(payload), item);
}
