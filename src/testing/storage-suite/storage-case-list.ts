import assert from "node:assert/strict";
import type { StorageSettings } from "../../plugin/settings.js";
import { checkStorageConsistency } from "./storage-consistency.js";
import type { StorageHarness } from "./storage-harness.js";
import { StorageRig } from "./storage-rig.js";

/** The functions of a test runner that the suite uses; mocha's, vitest's and node:test's fit. */
export interface StorageTestFunctions {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
}

export type StorageCase = (rig: StorageRig) => Promise<void>;

/** Registers the cases of one suite with the test runner, each on a store of its own, and counts them. */
export class StorageCaseList {
  readonly harness: StorageHarness;
  readonly #test: StorageTestFunctions;
  #registered = 0;
  #ran = 0;

  constructor(harness: StorageHarness, test: StorageTestFunctions) {
    this.harness = harness;
    this.#test = test;
  }

  topic(title: string, body: () => void): void {
    this.#test.describe(title, body);
  }

  /** A case on an open store, which must still be consistent after it. */
  it(title: string, body: StorageCase, settings: StorageSettings = {}): void {
    this.onUnopened(
      title,
      async (rig) => {
        await rig.store.start(rig.ctx);
        await body(rig);
        await checkStorageConsistency(rig);
      },
      settings,
    );
  }

  /** A case that starts the store itself, or does not. */
  onUnopened(title: string, body: StorageCase, settings: StorageSettings = {}): void {
    this.#registered += 1;
    this.#test.it(title, async () => {
      this.#ran += 1;
      await this.#run(body, settings);
    });
  }

  /** The last case: every other one was run. A suite that silently runs nothing must not look green. */
  finish(): void {
    const expected = this.#registered;
    // In a group of its own: runners take the cases of a group before the groups in it.
    this.topic("the suite", () => {
      this.#test.it(`ran all of its ${expected} cases`, async () => {
        assert.ok(expected > 0, "the suite holds no cases");
        assert.equal(this.#ran, expected);
      });
    });
  }

  async #run(body: StorageCase, overrides: StorageSettings): Promise<void> {
    const own = await this.harness.settings();
    const rig = new StorageRig(this.harness, { ...own, ...overrides });
    try {
      await body(rig);
    } finally {
      await rig.store.stop(rig.ctx);
      await this.harness.destroy?.(own);
    }
  }
}
