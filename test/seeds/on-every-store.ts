import { background, openStorage, type StoragePlugin } from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { ALL_STORES, type FreshStore, type StoreKind } from "../support/stores.js";

/** A store that is open while the cases of a suite run, and emptied after each of them. */
export interface OpenedStore {
  readonly kind: StoreKind;
  readonly store: StoragePlugin;
  /** Closes the store and opens it again. */
  reopen(): Promise<void>;
}

/** Describes cases once for every kind of store; `opened` is to be looked at within a case. */
export function onEveryStore(cases: (opened: OpenedStore) => void): void {
  for (const kind of ALL_STORES) {
    describe(`on ${kind.name}`, () => {
      let fresh: FreshStore | undefined;
      let store: StoragePlugin | undefined;

      before(async function () {
        fresh = await kind.fresh();
        if (fresh === undefined) return missing(this, kind.needs ?? kind.name);
        store = await openStorage(fresh.settings);
      });

      after(async () => {
        await store?.stop();
        await fresh?.destroy();
      });

      afterEach(async () => {
        const ctx = background();
        for (const name of (await store?.listNamespaces(ctx)) ?? []) await store?.clearNamespace(ctx, name);
      });

      cases({
        kind,
        get store() {
          return store as StoragePlugin;
        },
        async reopen() {
          await store?.stop();
          store = await openStorage((fresh as FreshStore).settings);
        },
      });
    });
  }
}

/** Looks until it holds, for longer than any deadline of the examples. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("what was waited for did not happen");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
