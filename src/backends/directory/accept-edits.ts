import { background } from "../../core/context.js";
import type { VersionSource } from "../../core/version.js";
import type { Backend, Batch, VerifyProblem, VerifyReport, Write } from "../backend.js";
import type { DirectoryReport, EntryEdit } from "./verify-directory.js";

/** Makes a commit of each edit, as long as the entry is still the one that was edited. What remains of the report. */
export async function acceptEdits(
  { entries, problems, edits }: DirectoryReport,
  commit: Backend["commit"],
  ids: VersionSource,
): Promise<VerifyReport> {
  const left: VerifyProblem[] = [];
  let accepted = 0;
  for (const problem of problems) {
    const edit = edits.get(problem);
    if (edit !== undefined && (await isCommitted(commit, batchOf(edit, ids)))) accepted += 1;
    else left.push(problem);
  }
  return { entries, problems: left, accepted };
}

async function isCommitted(commit: Backend["commit"], batch: Batch): Promise<boolean> {
  const [result] = await commit([batch]);
  if (result?.status === "fault") throw result.fault;
  return result?.status === "committed";
}

/** Type and incarnation stay: what stands under them is not in the file. */
function batchOf({ namespace, entry, now }: EntryEdit, ids: VersionSource): Batch {
  const { key, version, type, incarnation } = entry;
  const write: Write =
    now === undefined
      ? { kind: "delete", key }
      : {
          ...{ kind: "put", key, type, codec: now.codec, data: now.data },
          ...(incarnation !== undefined && { incarnation }),
          expiry: now.expiresAt === undefined ? undefined : { at: now.expiresAt },
        };
  return {
    ...{ id: ids.next(), ctx: background(), namespace },
    checks: [{ key, version }],
    ranges: [],
    writes: [write],
  };
}
