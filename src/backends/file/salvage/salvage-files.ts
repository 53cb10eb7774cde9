import type { BackendSetup } from "../../backend.js";
import type { FileSystem } from "../../../core/file-system.js";
import type { Breather } from "../../files/breather.js";
import type { LocalStore } from "../../local/local-store.js";
import { noStoreFault } from "../open-store.js";
import { listStore, refuseRemains } from "../recovery.js";
import type { StoreLayout } from "../store-layout.js";
import { JournalSalvage } from "./journal-salvage.js";
import { Losses } from "./losses.js";
import { SnapshotSalvage } from "./snapshot-salvage.js";

export interface FileSalvageSetup {
  readonly fs: FileSystem;
  readonly layout: StoreLayout;
  readonly breather: Breather;
  readonly warn: BackendSetup["warn"];
}

/**
 * Brings an empty engine to the state that undamaged lines and frames of a store give, whatever else is damaged. Takes
 * no lock and writes nothing; nobody may write to the store meanwhile. An entry under the key of a damaged line, as it
 * stands there, rejects when its value is asked for.
 *
 * @returns what is lost beside those entries.
 * @throws DamageFault when the header of the snapshot cannot be read; StorageFault `io` when there is no store.
 */
export async function salvageFiles(setup: FileSalvageSetup, store: LocalStore): Promise<Losses> {
  const { fs, layout, breather } = setup;
  const files = await listStore(fs, layout);
  const losses = new Losses();
  const shared = { store, losses, breather, files };
  const state = await new SnapshotSalvage({ ...shared, fs, layout }).carryOut();
  if (state === undefined) {
    await refuseRemains(fs, layout, files);
    throw noStoreFault(`salvaging ${layout.snapshot}`, "check the path");
  }
  await new JournalSalvage({ ...shared, recovery: setup }, state).carryOut();
  return losses;
}
