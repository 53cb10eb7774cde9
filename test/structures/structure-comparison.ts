import { expect } from "chai";
import {
  background,
  openStorage,
  withConsistency,
  type Context,
  type StoragePlugin,
  type StorageSettings,
} from "../../src/index.js";
import { onModel, onStorage, onTransaction } from "./structure-calls.js";
import type { Command } from "./structure-commands.js";
import { StructureModel } from "./structure-model.js";

/** What of one key is changed in the order of the calls, also when they are made at once. */
const FOLDED: ReadonlySet<string> = new Set([
  ...["push", "pop", "trim", "setIndex", "remove", "setFields", "deleteFields", "addToField", "add"],
]);

export interface ComparisonOptions {
  readonly settings: StorageSettings;
  /** What the store holds is there after it was closed and opened again. */
  readonly persistent: boolean;
  /** Openings of the one store, which take turns. */
  readonly openings: number;
}

/** One store beside plain arrays, Maps and numbers; every run has a namespace of its own. */
export class StructureComparison {
  readonly #options: ComparisonOptions;
  readonly #ctx: Context;
  #stores: StoragePlugin[] = [];
  #runs = 0;
  #turns = 0;

  constructor(options: ComparisonOptions) {
    this.#options = options;
    // One opening hears of what another did within a bound; only such a read is sure to know of it.
    this.#ctx = options.openings > 1 ? withConsistency(background(), "strong") : background();
  }

  async open(): Promise<void> {
    const { settings, openings } = this.#options;
    for (let i = 0; i < openings; i++) this.#stores.push(await openStorage(settings));
  }

  /** Closes all openings; the last finds nothing wrong and nothing left behind. */
  async close(): Promise<void> {
    const [last, ...others] = this.#stores;
    this.#stores = [];
    for (const store of others) await store.stop();
    try {
      if (last !== undefined) expect(await last.verify(background())).to.include({ ok: true, orphans: 0 });
    } finally {
      await last?.stop();
    }
  }

  /** Carries commands out on both, and compares what each came to and everything that is held after it. */
  async compare(commands: readonly Command[]): Promise<void> {
    const name = `run ${(this.#runs += 1)}`;
    let model = new StructureModel();
    for (const command of commands) {
      if (command.kind !== "reopen") model = await this.#carryOut(name, model, command);
      else if (this.#options.persistent) await this.#reopen();
      await this.#same(name, model);
    }
  }

  async #reopen(): Promise<void> {
    for (const store of this.#stores.splice(0)) await store.stop();
    await this.open();
  }

  /** Of the opening whose turn it is. */
  #next(name: string) {
    this.#turns += 1;
    return (this.#stores[this.#turns % this.#stores.length] as StoragePlugin).namespace(name);
  }

  /** @returns the model's state after it. */
  async #carryOut(
    name: string,
    model: StructureModel,
    command: Exclude<Command, { kind: "reopen" }>,
  ): Promise<StructureModel> {
    const storage = this.#next(name);
    if (command.kind === "call") {
      expect(await onStorage(storage, command.call, this.#ctx)).to.deep.equal(onModel(model, command.call));
      return model;
    }
    if (command.kind === "together") {
      // One key's structures are changed in the order of the calls; other calls take their own ways.
      const calls = command.calls.filter(({ verb }) => FOLDED.has(verb));
      const expected = calls.map((call) => onModel(model, call));
      const made = await Promise.all(calls.map((call) => onStorage(storage, call, this.#ctx)));
      expect(made).to.deep.equal(expected);
      return model;
    }
    const inside = model.copy();
    const tx = await storage.beginTransaction(this.#ctx);
    for (const call of command.calls) {
      expect(await onTransaction(tx, call)).to.deep.equal(onModel(inside, call));
    }
    await (command.commits ? tx.commit() : tx.rollback());
    return command.commits ? inside : model;
  }

  /** Everything that the storage says of its keys is what the model holds. */
  async #same(name: string, model: StructureModel): Promise<void> {
    const storage = this.#next(name);
    const ctx = this.#ctx;
    expect(await storage.keys(ctx)).to.deep.equal(model.keys());
    for (const key of model.keys()) {
      const type = model.type(key);
      expect(await storage.type(ctx, key)).to.equal(type);
      expect((await storage.ttl(ctx, key)) > 0).to.equal(model.expires(key));
      if (type === "list")
        expect(await storage.list(key).lrange(ctx, 0, -1)).to.deep.equal(model.range(key, 0, -1));
      if (type === "hash") {
        expect([...(await storage.hash(key).hgetall(ctx))]).to.deep.equal([...model.fields(key)]);
      }
    }
  }
}
