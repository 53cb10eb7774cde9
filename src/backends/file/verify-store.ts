import type { FileSystem } from "../../core/file-system.js";
import type { VerifyProblem, VerifyReport } from "../backend.js";
import type { Breather } from "../files/breather.js";
import type { LocalEntry } from "../local/local-entry.js";
import { DamageFault } from "./damage-fault.js";
import { readChain } from "./journal-chain.js";
import { replay } from "./journal-replay.js";
import { listStore } from "./recovery.js";
import { SnapshotReader } from "./snapshot-reader.js";
import type { SnapshotState } from "./snapshot-format.js";
import type { StoreLayout } from "./store-layout.js";
import { verifyProblem } from "./verify-problem.js";

/** Reads every file that counts and every value in it, and compares with the checksums. Writes nothing. */
export async function verifyStore(
  fs: FileSystem,
  layout: StoreLayout,
  breather: Breather,
): Promise<VerifyReport> {
  const problems: VerifyProblem[] = [];
  let entries = 0;
  try {
    const snapshot = await SnapshotReader.open(fs, layout, breather);
    if (snapshot === undefined) throw new DamageFault("truncated", layout.snapshot, 0, "it is missing");
    for await (const page of snapshot.pages()) {
      entries += page.entries.length;
      problems.push(...page.entries.flatMap((entry) => flawOf(entry) ?? []));
    }
    entries += await verifyJournals(fs, layout, snapshot.state, breather);
  } catch (error) {
    problems.push(verifyProblem(error));
  }
  return { entries, problems };
}

/** What is wrong with the value of an entry. */
function flawOf(entry: LocalEntry): VerifyProblem | undefined {
  try {
    void entry.data;
    return undefined;
  } catch (error) {
    return verifyProblem(error);
  }
}

/** The number of entries that frames put. */
async function verifyJournals(
  fs: FileSystem,
  layout: StoreLayout,
  state: SnapshotState,
  breather: Breather,
): Promise<number> {
  const files = await listStore(fs, layout);
  const later = files.filter(({ kind, epoch }) => kind === "journal" && epoch > state.epoch);
  const chain = await readChain(fs, layout, state, [state.epoch, ...later.map((file) => file.epoch)]);
  let entries = 0;
  for (const { bytes, path, header, start } of chain) {
    for (const { commits } of replay(bytes, path, header, start)) {
      for (const { writes } of commits) entries += writes.filter((write) => write.kind === "put").length;
      if (breather.isDue) await breather.breathe();
    }
  }
  return entries;
}
