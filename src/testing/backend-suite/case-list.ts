import assert from "node:assert/strict";
import type { Backend, Capabilities } from "../../backends/backend.js";
import { background } from "../../core/context.js";
import { systemRuntime } from "../../core/runtime.js";
import { FakeRuntime } from "../fake-runtime.js";
import { checkConsistency } from "./consistency.js";
import { Rig } from "./rig.js";
import type { Conditions, SuiteHarness, TestFunctions } from "./suite-harness.js";

/** What a case may ask for instead of the usual. */
export type Wishes = Partial<Omit<Conditions, "runtime">>;

const USUAL = { changes: { count: 10_000, ageMs: 3_600_000 }, sweepIntervalMs: 60_000 } satisfies Wishes;

/** Registers the cases of one suite with the test runner, each on a backend of its own, and counts them. */
export class CaseList {
  readonly harness: SuiteHarness;
  readonly #test: TestFunctions;
  #registered = 0;
  #ran = 0;

  constructor(harness: SuiteHarness, test: TestFunctions) {
    this.harness = harness;
    this.#test = test;
  }

  get capabilities(): Capabilities {
    return this.harness.capabilities;
  }

  /** Whether hours can pass at once. */
  get hasFakeTime(): boolean {
    return this.harness.time === "fake";
  }

  topic(title: string, body: () => void): void {
    this.#test.describe(title, body);
  }

  /** A case on an open backend, which must still be consistent after it. */
  it(title: string, body: (rig: Rig) => Promise<void>, wishes: Wishes = {}): void {
    this.onUnopened(
      title,
      async (rig) => {
        await rig.backend.open(rig.ctx);
        await body(rig);
        await checkConsistency(rig);
        await this.harness.checkConsistency?.(rig.backend);
      },
      wishes,
    );
  }

  /** A case that opens the backend itself, or does not. */
  onUnopened(title: string, body: (rig: Rig) => Promise<void>, wishes: Wishes = {}): void {
    this.#registered += 1;
    this.#test.it(title, async () => {
      this.#ran += 1;
      await this.run(body, wishes);
    });
  }

  /** The last case: every other one was run. A suite that silently runs nothing must not look green. */
  finish(): void {
    // In a topic of its own: mocha runs the cases of a topic before the topics in it.
    this.topic("the suite itself", () => {
      this.#test.it(`ran all of its ${this.#registered} cases`, async () => {
        assert.ok(this.#registered > 0, "the suite holds no cases");
        assert.equal(this.#ran, this.#registered);
      });
    });
  }

  /** The conditions of a case, for making another instance under the same. */
  conditions(rig: Rig, wishes: Wishes = {}): Conditions {
    return { ...USUAL, ...wishes, runtime: rig.runtime };
  }

  /** Closes the backend and goes on with another instance on its data, open. */
  async reopen(rig: Rig, wishes: Wishes = {}): Promise<void> {
    await rig.backend.close(rig.ctx);
    assert.ok(
      this.harness.reopen !== undefined,
      "a harness of a persistent backend must be able to reopen it",
    );
    rig.use(await this.harness.reopen(rig.backend, this.conditions(rig, wishes)));
    await rig.backend.open(rig.ctx);
  }

  /** Another instance on the data of `rig`, not yet open; whoever asks for it closes it. */
  async share(rig: Rig, wishes: Wishes = {}): Promise<Rig> {
    assert.ok(this.harness.share !== undefined, "a harness of a shared backend must be able to share it");
    return new Rig(await this.harness.share(rig.backend, this.conditions(rig, wishes)), rig.runtime);
  }

  /** Runs something on a backend of its own, not yet open, and lets go of it. */
  async run(body: (rig: Rig) => Promise<void>, wishes: Wishes = {}): Promise<void> {
    const runtime = this.hasFakeTime ? new FakeRuntime() : systemRuntime;
    const backend = await this.harness.create({ ...USUAL, ...wishes, runtime });
    const rig = new Rig(backend, runtime);
    try {
      await body(rig);
    } finally {
      await this.#dispose(rig.backend);
    }
  }

  async #dispose(backend: Backend): Promise<void> {
    await backend.close(background());
    await this.harness.destroy?.(backend);
  }
}
