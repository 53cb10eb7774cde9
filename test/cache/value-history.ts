import type { Batch } from "../../src/backends/backend.js";
import { userKey } from "../../src/core/key.js";

/** A value that a key had, from a moment on. */
interface Held {
  readonly value: number | undefined;
  readonly sinceMs: number;
}

/** What one process knows of a key: it may be shown nothing older. */
type Floors = Map<string, number>;

/**
 * The values of every key in the order in which a store took them, against which the answers of caches are held. Every
 * write puts a number that is written once.
 */
export class ValueHistory {
  readonly #keys = new Map<string, Held[]>();
  readonly #floors = new Map<number, Floors>();

  record(batch: Batch, nowMs: number): void {
    for (const write of batch.writes) {
      if (write.kind === "delete-range") throw new Error("the workload clears nothing");
      const value = write.kind === "put" ? (JSON.parse(String(write.data)) as number) : undefined;
      this.#held(userKey(write.key)).push({ value, sinceMs: nowMs });
    }
  }

  /** Another history takes over: what keys are now, by the batches that remain; what was known counts no more. */
  replace(batches: readonly Batch[], nowMs: number): void {
    const remaining = new ValueHistory();
    for (const batch of batches) remaining.record(batch, nowMs);
    for (const key of this.#keys.keys()) this.#held(key).push({ value: remaining.now(key), sinceMs: nowMs });
    this.#floors.clear();
  }

  now(key: string): number | undefined {
    return this.#held(key).at(-1)?.value;
  }

  /** A process was told that its write of this value took effect. */
  wrote(process: number, key: string, value: number | undefined): void {
    const index = this.#held(key).findLastIndex((held) => held.value === value);
    this.#raise(process, key, index);
  }

  /** Where in a key's history a process stands: what it is shown later must not be older. */
  floor(process: number, key: string): number {
    return this.#floors.get(process)?.get(key) ?? 0;
  }

  /**
   * A process was answered with a value. What is wrong with that; undefined: nothing.
   *
   * @param sinceMs the value must have been current at this moment or later.
   * @param floor what `floor` said when it asked; undefined: the answer says nothing of what the process knows.
   */
  read(
    process: number,
    key: string,
    value: number | undefined,
    sinceMs: number,
    floor: number | undefined,
  ): string | undefined {
    const all = this.#held(key);
    const index = all.findLastIndex((held) => held.value === value);
    if (index === -1) return `${key} never was ${value}`;
    const endMs = all[index + 1]?.sinceMs ?? Infinity;
    if (endMs < sinceMs) return `${key} was ${value} until ${endMs}, which is before ${sinceMs}`;
    if (floor === undefined) return undefined;
    if (index < floor)
      return `process ${process} knew ${key} as ${all[floor]?.value} and was answered ${value}`;
    this.#raise(process, key, index);
    return undefined;
  }

  #held(key: string): Held[] {
    let held = this.#keys.get(key);
    if (held === undefined) this.#keys.set(key, (held = [{ value: undefined, sinceMs: -Infinity }]));
    return held;
  }

  #raise(process: number, key: string, index: number): void {
    const floors = this.#floors.get(process) ?? new Map<string, number>();
    floors.set(key, Math.max(floors.get(key) ?? 0, index));
    this.#floors.set(process, floors);
  }
}
