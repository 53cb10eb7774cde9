import type { Context } from "../core/context.js";
import { asOperation } from "../core/operation.js";
import { checkKey } from "../core/key.js";
import type { ValueEncoder } from "../core/value-encoder.js";
import { CounterCalls, TransactionCounterCalls } from "../structures/counter-calls.js";
import type { TransactionCounter } from "../structures/counter.js";
import { HashCalls, TransactionHashCalls } from "../structures/hash-calls.js";
import type { TransactionHash } from "../structures/hash.js";
import { ListCalls, TransactionListCalls } from "../structures/list-calls.js";
import type { TransactionList } from "../structures/list.js";
import type { StructureCalls } from "../structures/structure-calls.js";
import { BufferedTransaction, type ValueCheck } from "../transaction/buffered-transaction.js";
import type { FoldedOperation } from "../transaction/folded-operations.js";
import type { StructureView } from "../transaction/structure-view.js";
import type { TransactionCore } from "../transaction/transaction-core.js";
import { TransactionView } from "../transaction/transaction-view.js";
import { requireNoSchema } from "./namespace-structures.js";
import type { Transaction } from "./storage.js";

/** The transaction that users hold, with the structures that live in it. */
export class StructuredTransaction extends BufferedTransaction implements Transaction {
  readonly #core: TransactionCore;
  readonly #calls: StructureCalls;

  /** `check` is applied to every value before it is stored, for namespaces with a schema. */
  constructor(core: TransactionCore, check?: ValueCheck) {
    super(core, check);
    this.#core = core;
    this.#calls = new TransactionStructures(core, check);
  }

  list<T = unknown>(key: string): TransactionList<T> {
    return new TransactionListCalls(new ListCalls<T>(this.#calls, key), this.#core.ctx);
  }

  hash<T = unknown>(key: string): TransactionHash<T> {
    return new TransactionHashCalls(new HashCalls<T>(this.#calls, key), this.#core.ctx);
  }

  counter(key: string): TransactionCounter {
    return new TransactionCounterCalls(new CounterCalls(this.#calls, key), this.#core.ctx);
  }
}

/** The calls of structures within one transaction, carried out one after the other in the order they are made. */
class TransactionStructures implements StructureCalls {
  readonly #core: TransactionCore;
  readonly #check: ValueCheck | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(core: TransactionCore, check: ValueCheck | undefined) {
    this.#core = core;
    this.#check = check;
  }

  read<R>(
    operation: string,
    _ctx: Context,
    key: string,
    body: (view: StructureView) => Promise<R>,
  ): Promise<R> {
    return this.#run(operation, "read", key, () => this.#inTurn(() => body(new TransactionView(this.#core))));
  }

  write<R>(
    operation: string,
    _ctx: Context,
    key: string,
    prepare: (encoder: ValueEncoder) => FoldedOperation<R>,
  ): Promise<R> {
    return this.#run(operation, "write", key, () => {
      const change = prepare(this.#core.services.encoder);
      return this.#inTurn(() => change.run(this.#core));
    });
  }

  #run<R>(operation: string, access: "read" | "write", key: string, body: () => Promise<R>): Promise<R> {
    const { namespace, services } = this.#core;
    const details = {
      operation: `transaction.${operation}`,
      access,
      backend: services.backend.info.name,
      namespace,
      key: typeof key === "string" ? key : undefined,
    };
    return asOperation(details, async () => {
      this.#core.checkActive();
      requireNoSchema(this.#check);
      checkKey(key);
      return body();
    });
  }

  #inTurn<R>(work: () => R | Promise<R>): Promise<R> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
