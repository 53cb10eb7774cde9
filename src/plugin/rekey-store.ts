import type { Put, VerifyProblem } from "../backends/backend.js";
import type { Context } from "../core/context.js";
import type { StoredEntry } from "../core/entry.js";
import { isCorruption, StorageFault } from "../core/errors.js";
import { isHead, userKey } from "../core/key.js";
import { EVERYTHING } from "../core/range.js";
import { CommitRequest } from "../transaction/commit-request.js";
import type { Stack } from "./stack.js";

export interface RekeyOptions {
  /**
   * Told how far it is after every page of entries and at the end; awaited before it goes on. What it throws ends the
   * call, and reaches the caller as the cause of an error.
   */
  readonly onProgress?: (progress: RekeyProgress) => void | Promise<void>;
}

/** How far it is. Items of structures count as entries of their own. */
export interface RekeyProgress {
  /** The namespace at work; "" is the root. */
  readonly namespace: string;
  /** Entries looked at; those of a namespace that is looked at again count again. */
  readonly looked: number;
  /** Entries written with the active key. */
  readonly rewritten: number;
}

export interface RekeyResult {
  /** Every value is under the active key, or plain when there is none: nothing is unreadable, and nothing was outrun. */
  readonly ok: boolean;
  /** Entries looked at. */
  readonly looked: number;
  /** Entries written with the active key. */
  readonly rewritten: number;
  /** Entries left as they were, as they could not be opened. */
  readonly unreadable: number;
  /**
   * Others kept writing with another key faster than could be followed, so it was given up: make the new key active in
   * every process that writes to the store, then call again.
   */
  readonly outrun: boolean;
  /** The first 100 of those, and why. */
  readonly problems: readonly VerifyProblem[];
}

/** Commits sent at once; the pump makes one call of many. */
const AT_ONCE = 64;
const MAX_PROBLEMS = 100;
/** Looks at a namespace in which others changed entries meanwhile. */
const MAX_LOOKS = 16;
/** Entries under another key that others may add to a namespace meanwhile, beyond as many as it held. */
const MAX_ADDED = 10_000;

/** Writes every value that is not under the active key once more, each by a commit of its own. */
export async function rekeyStore(
  stack: Stack,
  ctx: Context,
  { onProgress }: RekeyOptions,
): Promise<RekeyResult> {
  if (!stack.backend.hasKeys)
    throw new StorageFault("unsupported", "there are no keys; give encryption.keys first");
  const run = new RekeyRun(stack, ctx, onProgress);
  const names: string[] = [];
  for await (const page of stack.backend.namespaces(ctx)) names.push(...page);
  for (const name of names) await run.rewriteNamespace(name);
  return run.result;
}

class RekeyRun {
  readonly #stack: Stack;
  readonly #ctx: Context;
  readonly #onProgress: RekeyOptions["onProgress"];
  #looked = 0;
  #rewritten = 0;
  #unreadable = 0;
  #outrun = false;
  readonly #problems: VerifyProblem[] = [];

  constructor(stack: Stack, ctx: Context, onProgress: RekeyOptions["onProgress"]) {
    this.#stack = stack;
    this.#ctx = ctx;
    this.#onProgress = onProgress;
  }

  get result(): RekeyResult {
    const [unreadable, outrun] = [this.#unreadable, this.#outrun];
    const counts = { looked: this.#looked, rewritten: this.#rewritten, unreadable };
    return { ok: unreadable === 0 && !outrun, ...counts, outrun, problems: this.#problems };
  }

  /**
   * Looks again while entries changed meanwhile: another process may have written them with an older key. One that never
   * stops would be followed for ever, from look to look, or in one look by what it adds behind; so both are bounded.
   */
  async rewriteNamespace(namespace: string): Promise<void> {
    let left = 2 * (await this.#count(namespace)) + MAX_ADDED;
    for (let look = 1; look <= MAX_LOOKS && left > 0; look++) {
      const { met, overtaken } = await this.#look(namespace, left, look === 1);
      left -= met;
      if (overtaken === 0 && left > 0) return;
    }
    this.#outrun = true;
  }

  /**
   * Looks at every entry once, and ends early when it has met too many.
   *
   * @returns how many were under another key, and how many of them changed meanwhile.
   */
  async #look(
    namespace: string,
    most: number,
    reports: boolean,
  ): Promise<{ met: number; overtaken: number }> {
    let [met, overtaken] = [0, 0];
    for await (const { looked, outdated } of this.#stack.backend.scanOutdated(
      this.#ctx,
      namespace,
      EVERYTHING,
    )) {
      this.#looked += looked;
      met += outdated.length;
      for (let i = 0; i < outdated.length; i += AT_ONCE)
        overtaken += await this.#rewrite(namespace, outdated.slice(i, i + AT_ONCE), reports);
      await this.#onProgress?.({ namespace, looked: this.#looked, rewritten: this.#rewritten });
      if (met >= most) break;
    }
    return { met, overtaken };
  }

  async #count(namespace: string): Promise<number> {
    let sum = 0;
    const pages = this.#stack.backend.scan(this.#ctx, namespace, EVERYTHING, { want: "count" });
    for await (const { count } of pages) sum += count;
    return sum;
  }

  /** How many changed meanwhile. */
  async #rewrite(namespace: string, entries: readonly StoredEntry[], reports: boolean): Promise<number> {
    const readable = entries.filter((entry) => {
      const problem = problemOf(namespace, entry);
      if (problem !== undefined && reports) this.#note(problem);
      return problem === undefined;
    });
    const results = await Promise.allSettled(readable.map((entry) => this.#putAgain(namespace, entry)));
    const failed = results.find((result) => result.status === "rejected");
    const written = results.filter((result) => result.status === "fulfilled" && result.value).length;
    this.#rewritten += written;
    if (failed !== undefined) throw failed.reason;
    return readable.length - written;
  }

  /** False when the entry has changed since, or has expired. */
  async #putAgain(namespace: string, entry: StoredEntry): Promise<boolean> {
    const { key, version, type, codec, data, incarnation, expiresAt } = entry;
    const put: Put = {
      kind: "put",
      ...{ key, type, codec, data },
      ...(incarnation !== undefined && { incarnation }),
      expiry: expiresAt === undefined ? undefined : { at: expiresAt },
    };
    const { pump, versions } = this.#stack.services;
    const request = new CommitRequest(versions.next(), this.#ctx, namespace, [put], [{ key, version }]);
    return (await pump.submit(request)).status === "committed";
  }

  #note(problem: VerifyProblem): void {
    this.#unreadable += 1;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem);
  }
}

/** Why the value of an entry cannot be had. */
function problemOf(namespace: string, entry: StoredEntry): VerifyProblem | undefined {
  try {
    void entry.data;
    return undefined;
  } catch (error) {
    if (!(error instanceof StorageFault) || !isCorruption(error.reason)) throw error;
    const { reason, message } = error;
    const key = isHead(entry.key) ? userKey(entry.key) : entry.key;
    return { reason, message, namespace, key };
  }
}
