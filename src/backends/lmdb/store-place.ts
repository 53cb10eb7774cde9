import { StorageFault } from "../../core/errors.js";
import type { DataFolder } from "./data-folder.js";
import type { LmdbDriver } from "./lmdb-driver.js";
import { closeHandles, isLeftBehind, openHandles, type LmdbHandles } from "./lmdb-handles.js";
import type { SyncMode } from "./lmdb-options.js";
import { refuseCutFile } from "./refuse-cut-file.js";
import { refuseUnfitFiles } from "./refuse-unfit-files.js";
import { hasMoved } from "./store-format.js";
import type { Breather } from "../files/breather.js";

/** Moves followed when opening, should processes compact again and again meanwhile. */
const MOST_MOVES = 16;

/** Where a store lives, and how it is opened. */
export interface StorePlace {
  readonly driver: LmdbDriver;
  readonly folder: DataFolder;
  readonly sync: SyncMode;
  readonly breather: () => Breather;
}

/** Opens the generation that counts, beginning at one known or at the oldest there is. */
export async function openGeneration(place: StorePlace, known?: number): Promise<LmdbHandles> {
  let generation = known ?? (await place.folder.oldest());
  for (let moves = 0; moves < MOST_MOVES; moves++) {
    const handles = await openSound(place, generation);
    if (handles === undefined) generation = await place.folder.oldest();
    else if (hasMoved(handles.read)) {
      await closeHandles(handles);
      generation += 1;
    } else return handles;
  }
  throw new StorageFault("busy", `${place.folder.path} is compacted by other processes; open it again`);
}

/** Undefined when the generation was removed by somebody who had compacted it. */
async function openSound(place: StorePlace, generation: number): Promise<LmdbHandles | undefined> {
  const { driver, folder, sync, breather } = place;
  await refuseUnfitFiles(folder, generation);
  await refuseCutFile(folder.dataFile(generation), breather());
  try {
    return await openHandles(driver, folder, generation, sync);
  } catch (error) {
    if (!isLeftBehind(error)) throw error;
    await folder.remove(generation);
    return undefined;
  }
}
