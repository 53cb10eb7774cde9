import { codec } from "../../core/codec.js";
import { ENTRY_TYPE } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { Put } from "../../backends/backend.js";
import { RESTORE_MARKER } from "../marks.js";

export function restoreMarker(backup: string): Put {
  const json = codec("json");
  const data = json.encodeToText({ backup });
  return { kind: "put", key: RESTORE_MARKER, type: ENTRY_TYPE.part, codec: json.id, data, expiry: undefined };
}

/** What a store says of a namespace that a restore did not finish. */
export const UNFINISHED =
  "it holds part of a restore that did not finish; call restore again with replace: true";

export function unfinishedRestore(namespace: string): StorageFault {
  return new StorageFault("truncated", UNFINISHED, { namespace });
}
