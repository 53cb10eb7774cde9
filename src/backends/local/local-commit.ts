import type { Header } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import type { KeyRange } from "../../core/range.js";
import type { Version } from "../../core/version.js";
import type { Position } from "../backend.js";
import type { LocalEntry } from "./local-entry.js";

/** One write with nothing left to decide: deadlines are absolute. */
export type LocalWrite =
  | { readonly kind: "put"; readonly entry: LocalEntry }
  | { readonly kind: "delete" | "expire"; readonly key: StoredKey }
  | { readonly kind: "delete-range"; readonly range: KeyRange };

/**
 * A batch that has passed its checks, or a sweep: what a journal records. Applying the same commits in the same order
 * to the same state gives the same state, whenever that is.
 */
export interface LocalCommit {
  readonly namespace: string;
  /** The batch's id, and the version of the entries it puts. */
  readonly id: Version;
  readonly position: Position;
  /** The id of the namespace's commit before this one. */
  readonly previous: Version;
  readonly now: number;
  readonly writes: readonly LocalWrite[];
}

/** A commit that removes expired entries, and these. */
export interface LocalSweep {
  readonly commit: LocalCommit;
  readonly expired: readonly LocalEntry[];
}

/** What a commit did to what was there; see `Committed` in the contract. */
export interface Applied {
  readonly replaced: readonly (Header | undefined)[];
  readonly removed: number;
}
