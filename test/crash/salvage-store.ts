import type { Backend, Batch, Write } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { ENTRY_TYPE, type StoredEntry } from "../../src/core/entry.js";
import type { FileSystem } from "../../src/core/file-system.js";
import { KIND } from "../../src/core/key.js";
import { EVERYTHING } from "../../src/core/range.js";
import { SimulatedFileSystem } from "../../src/testing/simulated-file-system.js";
import { PLAIN, simulatedStore, type StoreForm } from "./simulated-store.js";

const ctx = background();
const FORM: StoreForm = { ...PLAIN, sizes: { segmentBytes: 64, partBytes: 700, compactBytes: 1e6 } };
const INCARNATION = "AAAABBBBCCCCDDDDEEEEFF";
const DEADLINE = 1_987_654_321_000;

/** A live entry in a form that can be compared; apart, what no checksum of its line covers. */
export interface SalvagedEntry {
  readonly name: string;
  readonly content: string;
  /** The type, and the incarnation of a structure. */
  readonly structure: string;
  readonly expiresAt: number | undefined;
}

export interface SalvageResult {
  readonly entries: readonly SalvagedEntry[];
  /** The keys whose value rejects. */
  readonly lost: readonly string[];
  readonly problems: readonly string[];
}

/** A store as its files were when it was not closed, and what it held after each commit. */
export interface SampleStore {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly states: readonly (readonly SalvagedEntry[])[];
}

const put = (key: string, value: unknown, more: Partial<Write & { kind: "put" }> = {}): Write => ({
  kind: "put",
  key,
  type: ENTRY_TYPE.value,
  codec: 1,
  data: JSON.stringify(value),
  expiry: undefined,
  ...more,
});

const PART = { type: ENTRY_TYPE.part };
const HASH = { type: ENTRY_TYPE.hash, incarnation: INCARNATION };

/** Before the snapshot: each kind of line. After it: each kind of write, in two journals. */
const BEFORE: readonly (readonly [namespace: string, writes: readonly Write[]])[] = [
  ["", [put("a", 1), put("b*", { b: ["J", "*", "é\t"] }), put("kept", "root")]],
  ["users", Array.from({ length: 6 }, (_, i) => put(`user:${i}`, { name: `Zoë ${i}`, n: i * 1.5 }))],
  ["users", [put("later", "expires", { expiry: { at: DEADLINE } })]],
  ["users", [put("bytes", 0, { codec: 3, data: Buffer.from([0, 1, 254, 255]) })]],
  ["users", [put("text", 0, { codec: 2, data: "a\ttab and a\nnewline" })]],
  ["hashes", [put("h", [2, 2], HASH), put(`${KIND.item}${INCARNATION}f`, [0, "x"], PART)]],
  ["hashes", [put(`${KIND.item}${INCARNATION}g`, [1, "y"], PART)]],
];
const FIRST_JOURNAL: typeof BEFORE = [
  ["users", [put("user:0", "changed"), { kind: "delete", key: "user:1" }]],
  ["", [put("new", "in the first journal")]],
  ["users", [{ kind: "delete-range", range: { start: "user:4", end: "user:5" } }]],
];
const SECOND_JOURNAL: typeof BEFORE = [
  ["", [put("a", 2)]],
  ["users", [put("user:1", "again"), put("soon", 5, { expiry: { at: DEADLINE + 1 } })]],
];

export async function sampleStore(): Promise<SampleStore> {
  const fs = new SimulatedFileSystem();
  const states: (readonly SalvagedEntry[])[] = [];
  let count = 0;
  const fill = async (store: Backend, commits: typeof BEFORE) => {
    for (const [namespace, writes] of commits) {
      count += 1;
      const batch: Batch = { ctx, id: `AbCdEfGhIjk${count}`, namespace, checks: [], ranges: [], writes };
      await store.commit([batch]);
      states.push((await contentOf(store)).entries);
    }
  };
  const first = simulatedStore(fs, FORM);
  await first.open(ctx);
  await fill(first, BEFORE);
  await first.extensions.compact?.(ctx);
  await fill(first, FIRST_JOURNAL);
  // The first one ends without closing, as a killed process does.
  const second = simulatedStore(fs, FORM);
  await second.open(ctx);
  await fill(second, SECOND_JOURNAL);
  const files = [...fs.contents()].filter(([path]) => !path.includes(".backup-"));
  return { files: new Map(files.map(([path, bytes]) => [path, Uint8Array.from(bytes)])), states };
}

/** The files of a store after one more commit, by a process that did not end well. */
export async function continued(files: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Uint8Array>> {
  const fs = planted(files);
  const store = simulatedStore(fs, FORM);
  await store.open(ctx);
  const writes = [put("fork", files.size)];
  await store.commit([
    { ctx, id: `ZyXwVuTsRqP${files.size}`, namespace: "", checks: [], ranges: [], writes },
  ]);
  return new Map([...fs.contents()].map(([path, bytes]) => [path, Uint8Array.from(bytes)]));
}

/**
 * Opens a store of these files for salvaging. Rejects as opening does.
 *
 * @param wrap puts something between the store and its files.
 */
export async function salvage(
  files: ReadonlyMap<string, Uint8Array>,
  wrap: (fs: FileSystem) => FileSystem = (fs) => fs,
): Promise<SalvageResult> {
  const fs = planted(files);
  const store = simulatedStore(wrap(fs), { ...FORM, salvage: true });
  await store.open(ctx);
  const report = await store.extensions.verify?.(ctx);
  const result = await contentOf(store);
  await store.close(ctx);
  const now = fs.contents();
  const isUntouched =
    now.size === files.size && [...files].every(([path, bytes]) => same(now.get(path), bytes));
  if (!isUntouched) throw new Error("a file was changed");
  return { ...result, problems: report?.problems.map(({ message }) => message) ?? [] };
}

function planted(files: ReadonlyMap<string, Uint8Array>): SimulatedFileSystem {
  const fs = new SimulatedFileSystem();
  for (const [path, bytes] of files) fs.plant(path, bytes);
  return fs;
}

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

async function contentOf(store: Backend): Promise<Omit<SalvageResult, "problems">> {
  const entries: SalvagedEntry[] = [];
  const lost: string[] = [];
  for await (const names of store.namespaces(ctx)) {
    for (const namespace of names) {
      for await (const page of store.scan(ctx, namespace, EVERYTHING, { want: "keys" })) {
        for (const { key } of page.entries) {
          try {
            const [entry] = (await store.read(ctx, namespace, [key])).entries;
            if (entry !== undefined) entries.push(described(namespace, entry));
          } catch {
            lost.push(`${namespace}/${key}`);
          }
        }
      }
    }
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { entries, lost };
}

function described(namespace: string, entry: StoredEntry): SalvagedEntry {
  const { key, version, type, codec, data, incarnation, expiresAt } = entry;
  const bytes = typeof data === "string" ? data : Buffer.from(data).toString("hex");
  return {
    name: `${namespace}/${key}`,
    content: JSON.stringify([version, codec, bytes]),
    structure: `${type} ${incarnation}`,
    expiresAt,
  };
}
