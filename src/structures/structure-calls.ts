import type { Context } from "../core/context.js";
import type { ValueEncoder } from "../core/value-encoder.js";
import type { FoldedOperation } from "../transaction/folded-operations.js";
import type { StructureView } from "../transaction/structure-view.js";

/** How the calls of structures are carried out: each by itself, or all within one transaction. */
export interface StructureCalls {
  /** Calls `body` in the same step, unless the call may not begin. */
  read<R>(
    operation: string,
    ctx: Context,
    key: string,
    body: (view: StructureView) => Promise<R>,
  ): Promise<R>;
  /** As `read`: what `prepare` takes of the arguments is taken as it is at the call. */
  write<R>(
    operation: string,
    ctx: Context,
    key: string,
    prepare: (encoder: ValueEncoder) => FoldedOperation<R>,
  ): Promise<R>;
}
