import assert from "node:assert/strict";
import { EVERYTHING } from "../../core/range.js";
import { compareKeys } from "../../core/key.js";
import { isDeepStrictEqual } from "node:util";
import type { StoredHeader } from "../../core/entry.js";
import type { Rig } from "./rig.js";

const READ_AT_ONCE = 1000;
/** On a clock that goes on, an entry may expire between two looks. */
const ATTEMPTS = 3;

/** Everything that two calls say about the same state must agree; run after every case. */
export async function checkConsistency(rig: Rig): Promise<void> {
  const namespaces = new Set([...(await rig.namespaces()), ""]);
  for (const namespace of namespaces) await checkEntries(rig, namespace, ATTEMPTS);
  for (const namespace of namespaces) await checkChain(rig, namespace);
  const report = await rig.backend.extensions.verify?.(rig.ctx);
  assert.deepEqual(report?.problems ?? [], [], "verify must report no problems");
}

async function checkEntries(rig: Rig, namespace: string, attempts: number): Promise<void> {
  try {
    await compareViews(rig, namespace);
  } catch (error) {
    if (attempts <= 1) throw error;
    await checkEntries(rig, namespace, attempts - 1);
  }
}

async function compareViews(rig: Rig, namespace: string): Promise<void> {
  const forward = (await rig.scan(EVERYTHING, { want: "headers" }, namespace)).map(fields);
  const backward = await rig.scan(EVERYTHING, { want: "headers", reverse: true }, namespace);
  for (let i = 1; i < forward.length; i++) {
    const [before, after] = [forward[i - 1]?.key ?? "", forward[i]?.key ?? ""];
    assert.ok(
      compareKeys(before, after) < 0,
      `${JSON.stringify(before)} must stand after ${JSON.stringify(after)}`,
    );
  }
  assertSame(backward.reverse().map(fields), forward, "a scan and its reverse");
  const keysAlone = await rig.scan(EVERYTHING, { want: "keys" }, namespace);
  assertSame(
    keysAlone,
    forward.map(({ key }) => ({ key })),
    "the keys alone and the scan",
  );
  assert.equal(await rig.count(EVERYTHING, namespace), forward.length, "the count and the scan must agree");
  for (let at = 0; at < forward.length; at += READ_AT_ONCE) {
    const part = forward.slice(at, at + READ_AT_ONCE);
    const keys = part.map(({ key }) => key);
    const { entries } = await rig.backend.read(rig.ctx, namespace, keys, { want: "headers" });
    assertSame(entries.map(fields), part, "point reads and the scan");
  }
}

function fields(entry: StoredHeader | undefined) {
  const { key = "", version, type, incarnation, expiresAt, size } = entry ?? {};
  return { key, version, type, incarnation, expiresAt, size };
}

/** As deepEqual, without the minutes that a readable difference of long lists takes. */
function assertSame<T>(actual: readonly T[], expected: readonly T[], what: string): void {
  assert.equal(actual.length, expected.length, `${what} must have the same length`);
  const index = actual.findIndex((item, i) => !isDeepStrictEqual(item, expected[i]));
  if (index >= 0) assert.deepEqual(actual[index], expected[index], `${what} must agree, also at ${index}`);
}

/** Each change names its predecessor, ordinals have no gap, and the last one is where reads say the log stands. */
async function checkChain(rig: Rig, namespace: string): Promise<void> {
  const changes = await rig.changes(undefined, Number.MAX_SAFE_INTEGER, namespace);
  const position = await rig.position(namespace);
  for (let i = 1; i < changes.length; i++) {
    const [before, after] = [changes[i - 1]?.position, changes[i]];
    assert.equal(after?.previous, before?.id, "a change must name its predecessor");
    assert.equal(after?.position.ordinal, (before?.ordinal ?? 0) + 1, "ordinals must have no gap");
  }
  const last = changes.at(-1);
  if (last !== undefined) assert.deepEqual(last.position, position, "the log must end where reads stand");
}
