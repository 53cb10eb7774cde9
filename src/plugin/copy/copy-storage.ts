import { requireContext, type Context } from "../../core/context.js";
import type { Storage } from "../storage.js";
import type { CopyOptions, CopyResult } from "./copy-options.js";

/**
 * Copies everything that one store holds into another, whatever their backends: all namespaces, or the keys of them that
 * match a pattern. Values go over as they are stored, with their types and with the time that is left to them; what
 * expires meanwhile is not copied. Memory stays bounded: a page of each store and a batch.
 *
 * Both stores stay usable, but what is written to the source behind the copy is not seen, and `verify` then says so.
 * The target must hold none of the keys, unless `resume` is given: a copy that was interrupted, by its context or by an
 * error, goes on when it is called again with it, and writes only what is missing or different. Nothing is overwritten
 * that the copy has not seen: a target that others write to meanwhile is refused.
 *
 * Rejects with 5001 and the reason when the source cannot be read; with 5002 `not-empty` when the target holds one of the
 * keys and `resume` is not given, `conflict` when others write to the target, `differs` when the comparison at
 * the end finds a key that is not the same in both (`key` and `namespace` name the first), `too-large` when the target
 * does not take a value of that size, `cancelled` or `timeout` when the context is over (5001 while it reads), and any
 * other reason of a failed write; with 5003 when what is stored is damaged; with a TypeError for options that do not
 * exist, for a storage that is no whole store, and for a store as its own target.
 *
 * @param from a whole store: what `openStorage` gives, or the `ROOT_STORAGE` of a host.
 * @param to another one.
 */
export async function copyStorage(
  ctx: Context,
  from: Storage,
  to: Storage,
  options: CopyOptions = {},
): Promise<CopyResult> {
  requireContext(ctx);
  const { copyWholeStore } = await import("../seldom-calls.js");
  return copyWholeStore(ctx, from, to, options);
}
