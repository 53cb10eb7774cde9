import { StorageFault } from "../../core/errors.js";
import { openEnvelope } from "../../core/envelope.js";
import type { Context } from "../../core/context.js";
import { EVERYTHING, rangeBeyond, type KeyRange } from "../../core/range.js";
import type { Change, Position, VerifyProblem, VerifyReport } from "../backend.js";
import { callContext } from "./call-context.js";
import { decodeChange } from "./change-record.js";
import type { EntryRow, SqlStore } from "./sql-store.js";

const NAMES_AT_ONCE = 512;
const ENTRIES_AT_ONCE = 512;
const CHANGES_AT_ONCE = 1024;
const PAGE_BYTES = 4 * 1024 * 1024;

/** What verifying runs on. */
interface Verified {
  readonly store: SqlStore;
  /** Deadline of each of its calls when the context has none. */
  readonly timeoutMs: number;
}

/** Opens every envelope, the expired ones too, and follows every log from its oldest commit to its last. */
export async function verifyStore(verified: Verified, ctx: Context): Promise<VerifyReport> {
  const problems: VerifyProblem[] = [];
  let entries = 0;
  for (let after: string | undefined; ; ) {
    const from = after;
    const names = await bounded(verified, ctx, (call) =>
      verified.store.namespaces(call, from, NAMES_AT_ONCE),
    );
    for (const name of names) {
      entries += await verifyEntries(verified, ctx, name, problems);
      await verifyLog(verified, ctx, name, problems);
    }
    if (names.length < NAMES_AT_ONCE) return { entries, problems };
    after = names.at(-1);
  }
}

async function verifyEntries(
  verified: Verified,
  ctx: Context,
  namespace: string,
  problems: VerifyProblem[],
): Promise<number> {
  const wish = {
    limit: ENTRIES_AT_ONCE,
    maxBytes: PAGE_BYTES,
    reverse: false,
    want: "values",
    includesExpired: true,
  } as const;
  let entries = 0;
  for (let range: KeyRange = EVERYTHING; ; ) {
    const from = range;
    const { rows } = await bounded(verified, ctx, (call) => verified.store.page(call, namespace, from, wish));
    const last = rows.at(-1);
    if (last === undefined) return entries;
    entries += rows.length;
    for (const row of rows) problems.push(...flaws(namespace, row));
    range = rangeBeyond(range, last.key, false);
  }
}

function flaws(namespace: string, { key, version, value }: EntryRow): VerifyProblem[] {
  try {
    openEnvelope(namespace, key, version, value ?? new Uint8Array(0));
    return [];
  } catch (error) {
    return [problemOf(error, namespace, key)];
  }
}

async function verifyLog(
  verified: Verified,
  ctx: Context,
  namespace: string,
  problems: VerifyProblem[],
): Promise<void> {
  let last: Position | undefined;
  for (;;) {
    const after = last;
    const { rows, known } = await bounded(verified, ctx, (call) =>
      verified.store.changes(call, namespace, after, CHANGES_AT_ONCE),
    );
    // What was forgotten meanwhile cannot be looked at, and is no damage.
    if (!known || rows.length === 0) return;
    for (const row of rows) {
      if (last !== undefined && !follows(last, row)) problems.push(gap(namespace, row.ordinal));
      last = { ordinal: row.ordinal, id: row.id };
      try {
        decodeChange(row);
      } catch (error) {
        problems.push(problemOf(error, namespace));
      }
    }
  }
}

function follows(last: Position, row: { readonly ordinal: number } & Pick<Change, "previous">): boolean {
  return row.ordinal === last.ordinal + 1 && row.previous === last.id;
}

function gap(namespace: string, ordinal: number): VerifyProblem {
  const message = `commit ${ordinal} of the change log does not follow the one before it`;
  return { reason: "decode", message, namespace };
}

/** @throws what is no corruption: then verifying itself has failed. */
function problemOf(error: unknown, namespace: string, key?: string): VerifyProblem {
  if (!(error instanceof StorageFault)) throw error;
  const reason = error.reason as VerifyProblem["reason"];
  return { reason, message: error.message, namespace, ...(key !== undefined && { key }) };
}

async function bounded<T>(
  { timeoutMs }: Verified,
  ctx: Context,
  ask: (call: Context) => Promise<T>,
): Promise<T> {
  const over = ctx.err();
  if (over !== undefined) throw over;
  const [call, end] = callContext(ctx, timeoutMs);
  try {
    return await ask(call);
  } finally {
    end();
  }
}
