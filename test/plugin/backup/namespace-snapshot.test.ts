import { expect } from "chai";
import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";
import { background } from "../../../src/core/context.js";
import { StorageFault } from "../../../src/core/errors.js";
import { EVERYTHING, HEADS, prefixRange } from "../../../src/core/range.js";
import type { BackupRecord } from "../../../src/plugin/backup/backup-record.js";
import { NamespaceSnapshot, type SnapshotPoint } from "../../../src/plugin/backup/namespace-snapshot.js";
import { suiteSetup } from "../../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { SeededRandom } from "../../crash/seeded-random.js";
import { apply, NAMESPACE, WrittenBackend, type Writing } from "./written-backend.js";

const ctx = background();
const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const ROUNDS = 25;

const ITEM = `\0i${"A".repeat(22)}`;
const KEYS = [..."abcdefghij", ...Array.from({ length: 6 }, (_, i) => `${ITEM}${i}`)];
const RANGES = [EVERYTHING, HEADS, prefixRange(ITEM), { start: "c", end: "f" }];
/** So many that a backup needs several chunks. */
const MANY = Array.from({ length: 600 }, (_, i) => `k${i}`);

interface Shape extends Omit<Writing, "random"> {
  readonly name: string;
}

const SHAPES: readonly Shape[] = [
  { name: "few keys, and ranges that are emptied", keys: KEYS, ranges: RANGES, most: 3 },
  { name: "keys that are seldom written twice", keys: MANY, ranges: [{ start: "k2", end: "k3" }], most: 4 },
];

describe(`a snapshot of a namespace, seed ${SEED} (HOLDFAST_SEED)`, () => {
  for (const shape of SHAPES) {
    it(`is one of its commits, whatever is written between any two calls: ${shape.name}`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { written, take } = await beset(shape, SEED + round);
        const first = await take((snapshot) => snapshot.scan());
        expectState(written, first.point, first.records, `round ${round}, scan`);
        const second = await take((snapshot) => snapshot.since(first.point.position));
        const both = [...first.records, ...second.records];
        expectState(written, second.point, both, `round ${round}, since`);
        const third = await take((snapshot) => snapshot.difference(versionsIn(first.records)));
        const joined = [...first.records, ...third.records];
        expectState(written, third.point, joined, `round ${round}, difference`);
      }
    });
  }

  it("reads and writes nothing of entries that are in the base as they are", async () => {
    const { written, take } = await beset(SHAPES[1] as Shape, SEED);
    written.isQuiet = true;
    const first = await take((snapshot) => snapshot.scan());
    await written.commitPut("k0");
    expect((await take((snapshot) => snapshot.since(first.point.position))).records).to.have.lengthOf.below(
      5,
    );
    const { records } = await take((snapshot) => snapshot.difference(versionsIn(first.records)));
    expect(records.length).to.be.within(1, 400);
  });

  it("says so when the log forgets faster than it can be followed", async () => {
    const { take } = await beset({ name: "", keys: MANY, ranges: [], most: 40 }, SEED, 10);
    const error = await take((snapshot) => snapshot.scan()).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(StorageFault);
    expect(error).to.include({ reason: "outrun", namespace: NAMESPACE, retryable: true });
    expect((error as Error).message).to.include("changes.retain");
  });
});

/** A namespace that is being written to from now on. */
async function beset(shape: Shape, seed: number, kept = 100_000) {
  const conditions = {
    runtime: new FakeRuntime(),
    changes: { count: kept, ageMs: 1e9 },
    sweepIntervalMs: 1e9,
  };
  const backend = memoryBackend(suiteSetup(conditions, {}));
  await backend.open(ctx);
  const random = new SeededRandom(seed);
  const written = new WrittenBackend(backend, { ...shape, random: () => random.next() });
  await written.commitSome(shape.keys.length);
  const take = async (how: (snapshot: NamespaceSnapshot) => Promise<SnapshotPoint>) => {
    const records: BackupRecord[] = [];
    const write = async (record: BackupRecord) => void records.push(record);
    const point = await how(
      new NamespaceSnapshot({ backend: written.beset, ctx, namespace: NAMESPACE, write }),
    );
    return { point, records };
  };
  return { written, take };
}

function expectState(
  { states }: WrittenBackend,
  { position }: SnapshotPoint,
  records: readonly BackupRecord[],
  message: string,
): void {
  const expected = states.get(position.ordinal);
  expect(expected, message).to.not.equal(undefined);
  expect(sorted(stateOf(records)), message).to.deep.equal(sorted(expected as ReadonlyMap<string, string>));
}

/** What records, carried out in their order, leave. */
function stateOf(records: readonly BackupRecord[]): ReadonlyMap<string, string> {
  const state = new Map<string, string>();
  for (const record of records) {
    apply(
      state,
      record.kind === "put" ? { kind: "put", key: record.entry.key, data: record.entry.data } : record,
    );
  }
  return state;
}

function versionsIn(records: readonly BackupRecord[]): Map<string, string> {
  const kept = stateOf(records);
  const versions = records.flatMap((record) =>
    record.kind === "put" && kept.has(record.entry.key)
      ? [[record.entry.key, record.entry.version] as const]
      : [],
  );
  return new Map(versions);
}

function sorted(state: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...state].sort(([a], [b]) => (a < b ? -1 : 1));
}
