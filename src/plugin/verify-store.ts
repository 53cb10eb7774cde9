import type { VerifyProblem } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import { ENTRY_TYPE, type StoredEntry } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { isHead, userKey } from "../core/key.js";
import { EVERYTHING } from "../core/range.js";
import type { Stack } from "./stack.js";

export interface StoreVerification {
  /** Nothing is wrong. */
  readonly ok: boolean;
  /** Entries whose value was read and decoded. */
  readonly entries: number;
  readonly problems: readonly VerifyProblem[];
}

/** Has the backend check its own storage, then decodes every value. */
export async function verifyStore(stack: Stack, ctx: Context): Promise<StoreVerification> {
  const own = await stack.backend.extensions.verify?.(ctx);
  const problems = (own?.problems ?? []).map(asUsersKnowIt);
  let entries = 0;
  // What the backend found broken cannot be read; what it found whole must decode.
  if (problems.length > 0) return { ok: false, entries: own?.entries ?? 0, problems };
  for await (const names of stack.backend.namespaces(ctx)) {
    for (const name of names) entries += await decodeAll(stack, ctx, name, problems);
  }
  return { ok: problems.length === 0, entries, problems };
}

async function decodeAll(
  { backend, reader }: Stack,
  ctx: Context,
  namespace: string,
  problems: VerifyProblem[],
): Promise<number> {
  let entries = 0;
  const decode = (entry: StoredEntry) => {
    if (entry.type === ENTRY_TYPE.value) reader.decodeValue(namespace, entry);
  };
  for await (const page of backend.scan(ctx, namespace, EVERYTHING)) {
    for (const entry of page.entries) {
      entries += 1;
      const problem = problemOf(() => decode(entry));
      if (problem !== undefined)
        problems.push(asUsersKnowIt({ reason: "decode", message: problem, namespace, key: entry.key }));
    }
  }
  return entries;
}

/** Names a head by its user's key. */
function asUsersKnowIt(problem: VerifyProblem): VerifyProblem {
  const { key } = problem;
  return key !== undefined && isHead(key) ? { ...problem, key: userKey(key) } : problem;
}

function problemOf(decode: () => void): string | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    return error.message;
  }
}
