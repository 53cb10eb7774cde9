import type { Context } from "../../core/context.js";
import { isMapping } from "../config/mapping.js";
import type { StorageSettings } from "../settings.js";
import type { Stack } from "../stack.js";
import { slotOfStore, type StackSlot } from "../stack-slot.js";

/** A whole store that is not open yet. */
interface UnopenedStore extends AsyncDisposable {
  start(ctx: Context): Promise<void>;
}

/**
 * Lends out the stack of the store that is to take what can be salvaged.
 *
 * @param into what the caller gave: an open store, or the configuration of one.
 * @param own of the store that is salvaged.
 * @throws TypeError when it is neither, or the store itself.
 */
export function salvageTarget(
  into: unknown,
  own: StackSlot,
  storeOf: (settings: StorageSettings) => UnopenedStore,
): <T>(use: (stack: Stack) => Promise<T>, ctx: Context) => Promise<T> {
  const slot = slotOfStore(into);
  if (slot === own) throw new TypeError("a store cannot be repaired into itself");
  if (slot !== undefined) return (use) => use(slot.stack);
  if (!isMapping(into))
    throw new TypeError("into must be a whole store, as openStorage gives it, or a configuration");
  return async (use, ctx) => {
    await using other = storeOf(into);
    await other.start(ctx);
    return await use((slotOfStore(other) as StackSlot).stack);
  };
}
