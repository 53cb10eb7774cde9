import type { HandEdit, VerifyProblem, VerifyReport } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { ENTRY_TYPE, type StoredEntry } from "../core/entry.js";
import { isCorruption, StorageFault } from "../core/errors.js";
import { isHead, userKey } from "../core/key.js";
import { EVERYTHING } from "../core/range.js";
import { CommitRequest } from "../transaction/commit-request.js";
import { countOrphans } from "./orphans.js";
import { UNFINISHED } from "./backup/restore-marker.js";
import { RESTORE_MARKER } from "./marks.js";
import { isDamage, type RepairReport } from "./repair/repair-report.js";
import type { StorageSettings } from "./settings.js";
import type { Storage } from "./storage.js";
import type { Stack } from "./stack.js";
import type { VerifyProgress, VerifyTeller } from "./verify-progress.js";

export interface VerifyOptions {
  /** Makes commits of what was done by hand to the files of keys, on a backend that has such. Default: false. */
  readonly acceptEdits?: boolean;
  /**
   * Salvages what is undamaged into another store, which must be empty: an open one, or a configuration, which is opened
   * for it and closed again. The store itself is not changed.
   */
  readonly repair?: { readonly into: Storage | StorageSettings };
  /**
   * Told how far it is, now and then and at the end of each phase; awaited before it goes on. Nothing is told while the
   * backend checks its own files.
   */
  readonly onProgress?: (progress: VerifyProgress) => void | Promise<void>;
}

export interface StoreVerification {
  /** Nothing is wrong. */
  readonly ok: boolean;
  /** Entries whose value was read and decoded. */
  readonly entries: number;
  /**
   * Lists and hashes that are gone and whose items still take room, for a process was killed before it had dropped them,
   * or they expired while none was there. Nobody sees them; `compact` drops them. Not counted where there are problems.
   */
  readonly orphans: number;
  /** Edits by hand that became commits, and are no problems any more; there when they were to be accepted. */
  readonly accepted?: number;
  readonly problems: readonly VerifyProblem[];
  /** What was salvaged and what was lost; there when a repair was asked for. */
  readonly repair?: RepairReport;
}

/** As {@link verifyStore}, where damage that ends the reading is a problem like any other. */
export async function verifyDamaged(
  stack: Stack,
  ctx: Context,
  options: VerifyOptions,
  teller: VerifyTeller,
): Promise<StoreVerification> {
  try {
    return await verifyStore(stack, ctx, options, teller);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const { reason, message, namespace, key } = error;
    const where = { ...(namespace !== undefined && { namespace }), ...(key !== undefined && { key }) };
    const problem = asUsersKnowIt({ reason: reason as VerifyProblem["reason"], message, ...where });
    return { ok: false, entries: 0, orphans: 0, problems: [problem] };
  }
}

/** Has the backend check its own storage, then decodes every value and looks for what structures left behind. */
export async function verifyStore(
  stack: Stack,
  ctx: Context,
  { acceptEdits = false }: VerifyOptions,
  teller: VerifyTeller,
): Promise<StoreVerification> {
  const own = (await stack.backend.extensions.verify?.(ctx)) ?? { entries: 0, problems: [] };
  const left = acceptEdits ? await afterAccepting(stack, ctx, own) : own.problems;
  const accepted = acceptEdits ? { accepted: own.problems.length - left.length } : {};
  const problems = left.map(asUsersKnowIt);
  let [entries, orphans] = [0, 0];
  // What the backend found broken cannot be read; what it found whole must decode.
  if (problems.length > 0) return { ok: false, entries: own.entries, orphans, ...accepted, problems };
  let last = "";
  const tell = (namespace: string, done: number) =>
    teller.tell(() => ({ phase: "checking", namespace, done: entries + done }));
  for await (const names of stack.backend.namespaces(ctx)) {
    for (const name of names) {
      entries += await decodeAll(stack, ctx, name, problems, (done) => tell(name, done));
      orphans += await countOrphans(stack, ctx, name);
      last = name;
    }
  }
  await teller.finish({ phase: "checking", namespace: last, done: entries });
  return { ok: problems.length === 0, entries, orphans, ...accepted, problems };
}

/** Commits edits on the way that all commits go, so that caches and watchers hear of them; what is still a problem. */
async function afterAccepting(
  { services, reader }: Stack,
  ctx: Context,
  { problems, edits }: VerifyReport,
): Promise<readonly VerifyProblem[]> {
  const left: VerifyProblem[] = [];
  for (const problem of problems) {
    const edit = edits?.get(problem);
    if (edit === undefined || !isDecodable(reader, edit)) {
      left.push(problem);
      continue;
    }
    const { namespace, checks, write } = edit;
    const request = new CommitRequest(services.versions.next(), ctx, namespace, [write], checks);
    const { status } = await services.pump.submit(request);
    if (status !== "committed") left.push(problem);
  }
  return left;
}

function isDecodable(reader: Stack["reader"], { write }: HandEdit): boolean {
  if (write.kind === "delete" || write.type !== ENTRY_TYPE.value) return true;
  return problemOf(() => reader.decodePayload(write)) === undefined;
}

async function decodeAll(
  { backend, reader }: Stack,
  ctx: Context,
  namespace: string,
  problems: VerifyProblem[],
  tell: (done: number) => Promise<void>,
): Promise<number> {
  let entries = 0;
  const decode = (entry: StoredEntry) => {
    if (entry.type === ENTRY_TYPE.value) reader.decodeValue(namespace, entry);
    // The parts of structures are decoded by those who know them; opened they must be.
    else void entry.data;
  };
  for await (const page of backend.scan(ctx, namespace, EVERYTHING, { once: true })) {
    for (const entry of page.entries) {
      entries += 1;
      const problem = problemOf(() => decode(entry));
      if (entry.key === RESTORE_MARKER)
        problems.push({ reason: "truncated", message: UNFINISHED, namespace });
      if (problem !== undefined) problems.push(asUsersKnowIt({ ...problem, namespace, key: entry.key }));
    }
    await tell(entries);
  }
  return entries;
}

/** Names a head by its user's key. */
function asUsersKnowIt(problem: VerifyProblem): VerifyProblem {
  const { key } = problem;
  return key !== undefined && isHead(key) ? { ...problem, key: userKey(key) } : problem;
}

function problemOf(decode: () => void): Pick<VerifyProblem, "reason" | "message"> | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    const { reason, message } = error;
    return { reason: isCorruption(reason) ? reason : "decode", message };
  }
}
