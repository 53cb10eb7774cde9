import type { Context } from "../../core/context.js";
import type { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import type { VerifyProblem, VerifyReport } from "../backend.js";
import { openEntry } from "./entry-header.js";
import type { NameRegistry } from "./name-registry.js";
import type { Limited } from "./limited.js";
import type { RedisConnection } from "./redis-connection.js";
import { SCRIPTS } from "./redis-script.js";
import type { Space, Spaces } from "./spaces.js";

const PAGE_ENTRIES = 256;

/** What scripts/verify.lua answers. */
type VerifyAnswer = readonly [
  now: number,
  ordinal: number,
  id: Buffer,
  keys: readonly Buffer[],
  headers: readonly (Buffer | null)[],
  values: readonly (Buffer | null)[],
  deadlines: readonly (number | string | Buffer | null)[],
  mark: Buffer,
  headersHeld: number,
  valuesHeld: number,
  entriesHeld: number,
  deadlinesHeld: number,
];

export interface VerifySetup {
  readonly connection: RedisConnection;
  readonly registry: NameRegistry;
  readonly spaces: Spaces;
  readonly limited: Limited;
}

/**
 * Walks every entry of every namespace: its checksum, and whether index, headers, values and deadlines agree. Commits
 * may go on meanwhile: what is compared was read in one step.
 */
export async function verifyStore(setup: VerifySetup, ctx: Context): Promise<VerifyReport> {
  const problems: VerifyProblem[] = [];
  let entries = 0;
  for await (const names of setup.registry.all(ctx)) {
    for (const name of names) entries += await verifySpace(setup, ctx, setup.spaces.of(name), problems);
  }
  return { entries, problems };
}

async function verifySpace(
  { connection, limited }: VerifySetup,
  ctx: Context,
  space: Space,
  problems: VerifyProblem[],
): Promise<number> {
  let entries = 0;
  for (let from = "-"; ; ) {
    const args = [from, String(PAGE_ENTRIES)];
    const answer = (await limited(ctx, (limit) =>
      connection.read(limit, SCRIPTS.verify, space.keys.all, args),
    )) as VerifyAnswer;
    if (from === "-") verifyWhole(space, answer, problems);
    const keys = answer[3].map(String);
    for (const [i, key] of keys.entries()) verifyEntry(space, key, answer, i, problems);
    entries += keys.length;
    if (keys.length < PAGE_ENTRIES) {
      if (String(answer[7]) === "1") await forgetMark(connection, limited, ctx, space);
      return entries;
    }
    from = `(${keys.at(-1) as string}`;
  }
}

function verifyWhole({ name }: Space, answer: VerifyAnswer, problems: VerifyProblem[]): void {
  const [, , , , , , , mark, headers, values, entries, deadlines] = answer;
  const add = (message: string) => problems.push({ reason: "orphan", namespace: name, message });
  if (String(mark) === "1") add("a commit broke off half-way since the last verify");
  if (headers > entries) add(`${headers - entries} headers stand under no index entry`);
  if (values > entries) add(`${values - entries} values stand under no index entry`);
  if (deadlines > entries) add(`${deadlines - entries} deadlines stand under no index entry`);
}

/** A broken-off commit is reported once. */
async function forgetMark(
  connection: RedisConnection,
  limited: Limited,
  ctx: Context,
  { keys: { meta } }: Space,
): Promise<void> {
  await limited(ctx, (limit) => connection.command(limit, meta, ["HDEL", meta, "x"]));
}

function verifyEntry(
  { name }: Space,
  key: StoredKey,
  [, , , , headers, values, deadlines]: VerifyAnswer,
  i: number,
  problems: VerifyProblem[],
): void {
  const header = headers[i];
  if (header === null || header === undefined) {
    problems.push({ reason: "orphan", namespace: name, key, message: "an index entry stands for no entry" });
    return;
  }
  try {
    const { expiresAt } = openEntry(name, key, header, values[i]);
    const swept =
      deadlines[i] === null || deadlines[i] === undefined ? undefined : Number(String(deadlines[i]));
    if (swept === expiresAt) return;
    problems.push({
      reason: "orphan",
      namespace: name,
      key,
      message: "the deadline of the entry is not the one it will be swept by",
    });
  } catch (error) {
    problems.push(damage(name, key, error));
  }
}

function damage(namespace: string, key: StoredKey, error: unknown): VerifyProblem {
  const fault = error as StorageFault;
  const reason = fault.reason as VerifyProblem["reason"];
  return { reason, namespace, key, message: fault.message };
}
