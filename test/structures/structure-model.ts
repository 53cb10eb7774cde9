import { isDeepStrictEqual } from "node:util";

type Held =
  | { readonly type: "value"; readonly value: unknown; expires: boolean }
  | { readonly type: "list"; readonly items: unknown[]; expires: boolean }
  | { readonly type: "hash"; readonly fields: Map<string, unknown>; expires: boolean };

/** What a call is refused for, in the model's own words for `StorageError.reason`. */
export class Refused extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/** Plain arrays, Maps and numbers by key: what lists, hashes and counters promise to be. */
export class StructureModel {
  readonly #held: Map<string, Held>;

  constructor(held: ReadonlyMap<string, Held> = new Map()) {
    this.#held = new Map([...held].map(([key, each]) => [key, copyOf(each)]));
  }

  copy(): StructureModel {
    return new StructureModel(this.#held);
  }

  /** Everything that it holds, so that states can be compared. */
  get text(): string {
    const sorted = [...this.#held].sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify(sorted, (_name, value: unknown) => (value instanceof Map ? [...value] : value));
  }

  keys(): string[] {
    return [...this.#held.keys()].sort();
  }

  type(key: string): string | undefined {
    return this.#held.get(key)?.type;
  }

  set(key: string, value: unknown): void {
    this.#held.set(key, { type: "value", value, expires: false });
  }

  delete(key: string): boolean {
    return this.#held.delete(key);
  }

  expire(key: string): boolean {
    const held = this.#held.get(key);
    if (held !== undefined) held.expires = true;
    return held !== undefined;
  }

  persist(key: string): boolean {
    const held = this.#held.get(key);
    if (held?.expires !== true) return false;
    held.expires = false;
    return true;
  }

  expires(key: string): boolean | undefined {
    return this.#held.get(key)?.expires;
  }

  push(key: string, left: boolean, values: readonly unknown[]): number {
    const items = this.#list(key) ?? [];
    if (values.length > 0 && !this.#held.has(key))
      this.#held.set(key, { type: "list", items, expires: false });
    for (const value of values) left ? items.unshift(value) : items.push(value);
    return items.length;
  }

  pop(key: string, left: boolean): unknown {
    const items = this.#list(key);
    const value = left ? items?.shift() : items?.pop();
    this.#dropEmpty(key);
    return value;
  }

  range(key: string, start: number, end: number): unknown[] {
    const items = this.#list(key) ?? [];
    return items.slice(...clipped(items.length, start, end));
  }

  index(key: string, index: number): unknown {
    return (this.#list(key) ?? []).at(index);
  }

  setIndex(key: string, index: number, value: unknown): boolean {
    const items = this.#list(key) ?? [];
    const place = index < 0 ? items.length + index : index;
    if (place < 0 || place >= items.length) return false;
    items[place] = value;
    return true;
  }

  remove(key: string, count: number, value: unknown): number {
    const items = this.#list(key) ?? [];
    const most = count === 0 ? Infinity : Math.abs(count);
    let removed = 0;
    const order = items.map((_item, i) => i);
    if (count < 0) order.reverse();
    const gone = new Set(
      order.filter((i) => removed < most && isDeepStrictEqual(items[i], value) && ++removed > 0),
    );
    const left = items.filter((_item, i) => !gone.has(i));
    items.splice(0, items.length, ...left);
    this.#dropEmpty(key);
    return gone.size;
  }

  trim(key: string, start: number, end: number): void {
    const items = this.#list(key);
    if (items === undefined) return;
    const left = items.slice(...clipped(items.length, start, end));
    items.splice(0, items.length, ...left);
    this.#dropEmpty(key);
  }

  setFields(key: string, fields: ReadonlyMap<string, unknown>): number {
    const held = this.#hash(key) ?? new Map<string, unknown>();
    const before = held.size;
    for (const [field, value] of fields) held.set(field, value);
    if (held.size > 0 && !this.#held.has(key))
      this.#held.set(key, { type: "hash", fields: held, expires: false });
    return held.size - before;
  }

  deleteFields(key: string, fields: readonly string[]): number {
    const held = this.#hash(key);
    const count = fields.filter((field) => held?.delete(field)).length;
    this.#dropEmpty(key);
    return count;
  }

  fields(key: string): Map<string, unknown> {
    return new Map(this.#hash(key));
  }

  addToField(key: string, field: string, by: number): number {
    const sum = numberOf(this.fields(key).get(field)) + by;
    this.setFields(key, new Map([[field, sum]]));
    return sum;
  }

  count(key: string): number {
    const held = this.#held.get(key);
    if (held !== undefined && held.type !== "value") throw new Refused("wrong-type");
    return numberOf(held?.value);
  }

  add(key: string, by: number): number {
    const value = this.count(key) + by;
    this.#held.set(key, { type: "value", value, expires: this.#held.get(key)?.expires ?? false });
    return value;
  }

  #list(key: string): unknown[] | undefined {
    const held = this.#held.get(key);
    if (held !== undefined && held.type !== "list") throw new Refused("wrong-type");
    return held?.items;
  }

  #hash(key: string): Map<string, unknown> | undefined {
    const held = this.#held.get(key);
    if (held !== undefined && held.type !== "hash") throw new Refused("wrong-type");
    return held?.fields;
  }

  #dropEmpty(key: string): void {
    const held = this.#held.get(key);
    const size = held?.type === "list" ? held.items.length : held?.type === "hash" ? held.fields.size : 1;
    if (size === 0) this.#held.delete(key);
  }
}

/** What they hold is never changed, only replaced. */
function copyOf(held: Held): Held {
  if (held.type === "list") return { ...held, items: [...held.items] };
  return held.type === "hash" ? { ...held, fields: new Map(held.fields) } : { ...held };
}

function numberOf(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== "number") throw new Refused("wrong-type");
  return value;
}

function clipped(length: number, start: number, end: number): [from: number, to: number] {
  const from = Math.max(0, start < 0 ? length + start : start);
  const to = (end < 0 ? length + end : end) + 1;
  return [from, Math.max(from, to)];
}
