import type { Context } from "../core/context.js";
import { StorageFault } from "../core/errors.js";
import { checkKey } from "../core/key.js";
import type { ValueEncoder } from "../core/value-encoder.js";
import type { StructureCalls } from "../structures/structure-calls.js";
import type { ValueCheck } from "../transaction/buffered-transaction.js";
import { CommittedView } from "../transaction/committed-view.js";
import type { FoldedOperation } from "../transaction/folded-operations.js";
import type { StructureView } from "../transaction/structure-view.js";
import type { NamespaceAccess } from "./namespace-access.js";

/** The calls of structures outside of transactions: each read one state, each write a commit. */
export class NamespaceStructures implements StructureCalls {
  readonly #access: NamespaceAccess;

  constructor(access: NamespaceAccess) {
    this.#access = access;
  }

  read<R>(
    operation: string,
    ctx: Context,
    key: string,
    body: (view: StructureView) => Promise<R>,
  ): Promise<R> {
    return this.#access.run(operation, "read", key, async () => {
      const { services } = this.#access.enter(ctx);
      this.#check(key);
      return body(new CommittedView(services, ctx, this.#access.namespace));
    });
  }

  write<R>(
    operation: string,
    ctx: Context,
    key: string,
    prepare: (encoder: ValueEncoder) => FoldedOperation<R>,
  ): Promise<R> {
    return this.#access.run(operation, "write", key, () => {
      const { services } = this.#access.enter(ctx);
      this.#check(key);
      return this.#access.fold(ctx, key, prepare(services.encoder));
    });
  }

  #check(key: string): void {
    requireNoSchema(this.#access.check);
    checkKey(key);
  }
}

/** A schema says what values are; nothing says it of the parts of structures. @throws StorageFault `unsupported`. */
export function requireNoSchema(check: ValueCheck | undefined): void {
  if (check === undefined) return;
  throw new StorageFault(
    "unsupported",
    "a namespace with a schema holds plain values only; keep structures in another one",
  );
}
