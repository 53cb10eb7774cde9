import type { Wishes } from "./case-list.js";
import type { Rig } from "./rig.js";

/** Registers a case on two open instances of one store; both must still be consistent after it. */
export type PairCase = (title: string, body: (one: Rig, two: Rig) => Promise<void>, wishes?: Wishes) => void;
