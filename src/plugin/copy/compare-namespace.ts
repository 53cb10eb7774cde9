import { StorageFault } from "../../core/errors.js";
import { userKey } from "../../core/key.js";
import { fingerprint, type ContentDigest } from "./content-digest.js";
import { headsOf, indexOf, itemsOf, toleranceMs, type CopyRun } from "./copy-run.js";
import type { CopySide } from "./copy-side.js";
import { entryPairs, type EntryPair } from "./entry-pairs.js";
import type { LiveEntry } from "./live-entries.js";

const ONLY_SOURCE = "only the source has it";
const ONLY_TARGET = "only the target has it";

/**
 * Compares one namespace of both stores by the fingerprints of what they hold, and adds these to the digest.
 *
 * @throws StorageError `differs` with the first key that is not the same in both.
 */
export async function compareNamespace(
  run: CopyRun,
  namespace: string,
  digest: ContentDigest,
): Promise<void> {
  digest.beginNamespace(namespace);
  for await (const pair of entryPairs(run, headsOf(run, namespace))) {
    const { entry } = (pair.found ?? pair.held) as LiveEntry;
    const flaw = flawOf(run, pair, digest) ?? (await itemFlaw(run, pair, namespace, digest));
    if (flaw !== undefined) throw run.target.error(difference(userKey(entry.key), flaw), namespace);
    if (pair.found !== undefined && pair.held !== undefined) run.report.compared += 1;
    await run.report.tell(namespace);
  }
  const index = indexOf(run, namespace);
  if (index === undefined) return;
  for await (const pair of entryPairs(run, index)) {
    const flaw = flawOf(run, pair, digest);
    if (flaw !== undefined)
      throw run.target.error(difference(undefined, `an index entry: ${flaw}`), namespace);
  }
}

/** What is wrong with the items of a structure that is the same in both stores. */
async function itemFlaw(
  run: CopyRun,
  { found }: EntryPair,
  namespace: string,
  digest: ContentDigest,
): Promise<string | undefined> {
  const incarnation = found?.entry.incarnation;
  if (incarnation === undefined) return undefined;
  for await (const pair of entryPairs(run, itemsOf(namespace, incarnation))) {
    const flaw = flawOf(run, pair, digest);
    if (flaw !== undefined) return `an item of it is not the same in both: ${flaw}`;
  }
  return undefined;
}

/** What is different in a pair; undefined when nothing is, and for an entry that has only expired here before there. */
function flawOf(run: CopyRun, { found, held }: EntryPair, digest: ContentDigest): string | undefined {
  if (held === undefined) return isEnding(run, run.source, found as LiveEntry) ? undefined : ONLY_SOURCE;
  if (found === undefined) return isEnding(run, run.target, held) ? undefined : ONLY_TARGET;
  const print = fingerprint(found.entry);
  if (found.entry.type !== held.entry.type) return "its types differ";
  if (!print.equals(fingerprint(held.entry))) return "its values differ";
  if ((found.endsAt === Infinity) !== (held.endsAt === Infinity)) return "only one of the two expires";
  digest.add(print);
  return undefined;
}

/** Whether the other store may have seen the end of an entry already. */
function isEnding(run: CopyRun, side: CopySide, entry: LiveEntry): boolean {
  return side.leftMs(entry) <= toleranceMs(run);
}

function difference(key: string | undefined, flaw: string): StorageFault {
  const what =
    flaw === ONLY_TARGET
      ? "delete it there, or call again with resume: true and prune: true"
      : "keep others from writing to both and call again with resume: true";
  return new StorageFault("differs", `the copy is not what the source holds: ${flaw}; ${what}`, {
    ...(key !== undefined && { key }),
  });
}
