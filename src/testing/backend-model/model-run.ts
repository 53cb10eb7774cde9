import assert from "node:assert/strict";
import type { Check, CommitResult, KeyOnly, RangeCheck, Write } from "../../backends/backend.js";
import type { StoredEntry } from "../../core/entry.js";
import type { KeyRange } from "../../core/range.js";
import type { Version } from "../../core/version.js";
import { checkConsistency } from "../backend-suite/consistency.js";
import { textOf } from "../backend-suite/read-cases.js";
import type { Rig } from "../backend-suite/rig.js";
import type { ModelStep, ModelWrite } from "./model-steps.js";
import { ReferenceStore, type ReferenceEntry } from "./reference-store.js";

type Step<K extends ModelStep["kind"]> = Extract<ModelStep, { kind: K }>;

/** Takes a backend and the reference through the same steps and compares every answer. */
export class ModelRun {
  readonly #rig: Rig;
  readonly #reopen: () => Promise<void>;
  readonly #references = new Map<string, ReferenceStore>();
  /** An earlier digest of each namespace's ranges, for checks that may no longer hold. */
  readonly #earlier: { readonly namespace: string; readonly check: RangeCheck }[] = [];

  constructor(rig: Rig, reopen: () => Promise<void>) {
    this.#rig = rig;
    this.#reopen = reopen;
  }

  async run(steps: readonly ModelStep[]): Promise<void> {
    for (const step of steps) await this.#take(step);
    await checkConsistency(this.#rig);
  }

  async #take(step: ModelStep): Promise<void> {
    switch (step.kind) {
      case "commit":
        return await this.#commit(step);
      case "read":
        return await this.#read(step);
      case "scan":
        await this.#scan(step);
        return await this.#scanKeys(step);
      case "count":
        return await this.#count(step);
      case "pass":
        return await this.#rig.pass(step.ms);
      case "reopen":
        return await this.#reopen();
    }
  }

  async #commit(step: Step<"commit">): Promise<void> {
    const { namespace } = step;
    const checks = await this.#checksOf(step);
    const ranges = await this.#rangeChecksOf(step);
    const writes = [
      ...step.drops.map((range): Write => ({ kind: "delete-range", range })),
      ...step.writes.map(toWrite),
    ];
    const id = this.#rig.nextId();
    const result = await this.#rig.tryCommit({ id, namespace, checks, ranges, writes });
    if (result.status === "fault") throw result.fault;
    const broken = this.#broken(namespace, checks, ranges, result.now);
    assert.deepEqual(conflictSubjects(result), broken, "the broken checks");
    if (result.status === "committed") this.#apply(namespace, id, writes, result);
  }

  #apply(
    namespace: string,
    id: Version,
    writes: readonly Write[],
    result: Extract<CommitResult, { status: "committed" }>,
  ): void {
    const expected = this.#reference(namespace).apply(writes, id, result.now);
    assert.deepEqual(
      result.replaced.map((header) => header?.version),
      expected.replaced,
      "what was replaced",
    );
    assert.equal(result.removed, expected.removed, "how many heads were removed");
  }

  /** What a check refers to; the clock of a read stands for the moment it was taken. */
  async #checksOf({ namespace, checks }: Step<"commit">): Promise<Check[]> {
    const now = await this.#rig.now();
    return checks.map(({ key, as }) => {
      if (as === "absent") return { key, version: null };
      const current = this.#reference(namespace).get(key, now)?.version ?? null;
      return { key, version: as === "current" ? current : "never" };
    });
  }

  async #rangeChecksOf({ namespace, ranges }: Step<"commit">): Promise<RangeCheck[]> {
    const checks: RangeCheck[] = [];
    for (const { range, as } of ranges) {
      const earlier = this.#earlier.find((one) => one.namespace === namespace);
      if (as === "stale" && earlier !== undefined) checks.push(earlier.check);
      else checks.push(await this.#rig.rangeCheck(range, namespace));
    }
    const [first] = checks;
    if (first !== undefined) this.#earlier.unshift({ namespace, check: first });
    return checks;
  }

  #broken(namespace: string, checks: readonly Check[], ranges: readonly RangeCheck[], now: number): string[] {
    const reference = this.#reference(namespace);
    const { entryHash } = this.#rig.backend.info;
    const keys = checks.filter((check) => !reference.holds(check, now)).map(({ key }) => keySubject(key));
    const broken = ranges.filter((check) => !reference.rangeHolds(check, now, entryHash));
    return [...keys, ...broken.map(({ range }) => rangeSubject(range))].sort();
  }

  async #read({ namespace, keys }: Step<"read">): Promise<void> {
    const { entries, now } = await this.#rig.backend.read(this.#rig.ctx, namespace, keys);
    const expected = keys.map((key) => this.#reference(namespace).get(key, now));
    assert.deepEqual(entries.map(toReference), expected);
  }

  async #scan({ namespace, range, reverse, limit }: Step<"scan">): Promise<void> {
    const options = limit === undefined ? { reverse } : { reverse, limit };
    const entries: (ReferenceEntry | undefined)[] = [];
    let now: number | undefined;
    for await (const page of this.#rig.backend.scan(this.#rig.ctx, namespace, range, options)) {
      entries.push(...page.entries.map(toReference));
      now ??= page.now;
    }
    const expected = this.#reference(namespace).list(range, now ?? (await this.#rig.now()));
    if (reverse) expected.reverse();
    assert.deepEqual(entries, expected.slice(0, limit));
  }

  async #scanKeys({ namespace, range, reverse, limit }: Step<"scan">): Promise<void> {
    const options = { want: "keys", reverse, ...(limit === undefined ? {} : { limit }) } as const;
    const keys: KeyOnly[] = [];
    let now: number | undefined;
    for await (const page of this.#rig.backend.scan(this.#rig.ctx, namespace, range, options)) {
      keys.push(...page.entries);
      now ??= page.now;
    }
    const expected = this.#reference(namespace).keys(range, now ?? (await this.#rig.now()));
    if (reverse) expected.reverse();
    assert.deepEqual(keys, expected.slice(0, limit));
  }

  async #count({ namespace, range }: Step<"count">): Promise<void> {
    const pages = this.#rig.backend.scan(this.#rig.ctx, namespace, range, { want: "count" });
    for await (const page of pages) {
      assert.equal(page.count, this.#reference(namespace).list(range, page.now).length);
    }
  }

  #reference(namespace: string): ReferenceStore {
    const reference = this.#references.get(namespace) ?? new ReferenceStore();
    this.#references.set(namespace, reference);
    return reference;
  }
}

function toWrite(write: ModelWrite): Write {
  if (write.kind === "delete") return write;
  const { key, type, data, ttlMs } = write;
  return { kind: "put", key, type, codec: 1, data, expiry: ttlMs === 0 ? undefined : { in: ttlMs } };
}

function toReference(entry: StoredEntry | undefined): ReferenceEntry | undefined {
  if (entry === undefined) return undefined;
  const { key, version, type, expiresAt } = entry;
  return { key, version, type, data: textOf(entry.data) ?? "", expiresAt };
}

function conflictSubjects(result: CommitResult): string[] {
  if (result.status !== "conflict") return [];
  return result.conflicts.map((one) => ("key" in one ? keySubject(one.key) : rangeSubject(one.range))).sort();
}

function keySubject(key: string): string {
  return `key ${JSON.stringify(key)}`;
}

function rangeSubject(range: KeyRange): string {
  return `range ${JSON.stringify([range.start, range.end])}`;
}
