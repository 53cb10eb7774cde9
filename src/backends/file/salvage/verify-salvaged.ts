import type { VerifyReport } from "../../backend.js";
import type { Breather } from "../../files/breather.js";
import type { LocalStore } from "../../local/local-store.js";
import { DamageFault } from "../damage-fault.js";
import { Losses } from "./losses.js";

/** What was lost when a store was opened for salvaging, and every entry held whose value cannot be had. */
export async function verifySalvaged(
  store: LocalStore,
  losses: Losses,
  breather: Breather,
): Promise<VerifyReport> {
  const damaged = new Losses();
  let entries = 0;
  for (const namespace of store.namespaces()) {
    for (const entry of store.entries(namespace)) {
      entries += 1;
      try {
        void entry.data;
      } catch (error) {
        if (!(error instanceof DamageFault)) throw error;
        damaged.add(error);
      }
      if (breather.isDue) await breather.breathe();
    }
  }
  return { entries, problems: [...losses.problems, ...damaged.problems] };
}
