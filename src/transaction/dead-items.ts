import type {
  Backend,
  Check,
  Committed,
  CommitResult,
  DeleteRange,
  ExpiredHead,
  Write,
} from "../backends/backend.js";
import { background, type Context } from "../core/context.js";
import { incarnationOfItem, itemRange } from "../core/incarnation.js";
import { isHead, userKey, type StoredKey } from "../core/key.js";
import { successor } from "../core/range.js";
import type { Runtime } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";
import type { VersionSource } from "../core/version.js";
import type { Commits } from "./commit-pump.js";
import { CommitRequest } from "./commit-request.js";
import { ExpiringStructures, TOGETHER, type Incarnation } from "./expiring-structures.js";

/** Items dropped by one commit, so that others need not wait long for theirs. */
const SLICE_ITEMS = 2048;
/** Most that is remembered at once; what is beyond is left to `compact`. */
const MOST_DEAD = 100_000;

export interface DeadItemsSetup {
  readonly backend: Backend;
  readonly pump: Commits;
  readonly versions: VersionSource;
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  /** While one of these keys is in a namespace, somebody writes items there before their heads. */
  readonly marks: readonly StoredKey[];
}

/**
 * Drops the items of structures that are gone. A commit that ends a structure does not search for its items, however
 * many there are: they are dropped afterwards, slice by slice, by commits of their own. A failure leaves them where they
 * are: nobody can see them, and `compact` drops what is left, as it does what a killed process leaves.
 */
export class DeadItems {
  readonly #setup: DeadItemsSetup;
  #dead: Incarnation[] = [];
  readonly #expiring: ExpiringStructures;
  #working: Promise<void> | undefined;
  #isStopped = false;

  constructor(setup: DeadItemsSetup) {
    this.#setup = setup;
    this.#expiring = new ExpiringStructures({
      ...setup,
      drop: (namespace, ids, checks) => this.dropItems(background(), namespace, ids, checks),
    });
  }

  /** Told of what was committed: notes which structures it ended, and which will end by themselves. */
  committed(requests: readonly CommitRequest[], results: readonly CommitResult[]): void {
    for (let i = 0; i < requests.length; i++) {
      const result = results[i];
      if (result?.status === "committed") this.#note(requests[i] as CommitRequest, result);
    }
  }

  /** Told of heads that the backend has removed as their time was over, whichever process wrote them. */
  expired(namespace: string, heads: readonly ExpiredHead[]): void {
    this.#expiring.removed(namespace, heads);
  }

  /** Resolves when everything that is known to be dead was dropped, or could not be. */
  async settled(): Promise<void> {
    await this.#expiring.look();
    while (this.#working !== undefined) await this.#working;
  }

  /** Drops what is known to be dead, and takes on nothing more. */
  async stop(ctx: Context): Promise<void> {
    this.#isStopped = true;
    await settleWithin(ctx, Promise.all([this.#expiring.stop(), this.#working]));
  }

  #note({ namespace, writes }: CommitRequest, { now, replaced }: Committed): void {
    for (let i = 0; i < writes.length; i++) {
      const write = writes[i] as Write;
      const id = replaced[i]?.incarnation;
      const isPut = write.kind === "put";
      if (id !== undefined && write.kind !== "delete-range" && isHead(write.key)) {
        if (!isPut || write.incarnation !== id)
          this.#ended({ namespace, key: userKey(write.key), id }, writes);
      }
      if (isPut && write.incarnation !== undefined) this.#expiring.written(namespace, write, now);
    }
  }

  #ended(whose: Incarnation, writes: readonly Write[]): void {
    this.#expiring.forget(whose.id);
    const { start } = itemRange(whose.id);
    const isEmptied = writes.some((write) => write.kind === "delete-range" && write.range.start === start);
    if (!isEmptied) this.#drop(whose);
  }

  #drop(whose: Incarnation): void {
    if (this.#isStopped || this.#dead.length >= MOST_DEAD) return;
    this.#dead.push(whose);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    // Once the answers that made them dead have reached whoever waits for them.
    await Promise.resolve();
    while (this.#dead.length > 0) {
      const { namespace } = this.#dead[0] as Incarnation;
      const isNext = (whose: Incarnation, i: number) => i < TOGETHER && whose.namespace === namespace;
      const next = this.#dead.filter(isNext);
      this.#dead = this.#dead.filter((whose, i) => !isNext(whose, i));
      // Nobody waits for it, nobody is wrong without it, and compact makes up for it.
      await this.dropItems(
        background(),
        namespace,
        next.map(({ id }) => id),
      ).catch(() => undefined);
    }
    this.#working = undefined;
  }

  /**
   * Drops every item of incarnations that are known to have no head, and never to have one again, as long as `checks`
   * hold. False when they do not, and some may be left.
   */
  async dropItems(
    ctx: Context,
    namespace: string,
    incarnations: readonly string[],
    checks: readonly Check[] = [],
  ): Promise<boolean> {
    let left = incarnations;
    while (left.length > 0) {
      const slices = await Promise.all(left.map((id) => this.#slice(ctx, namespace, id)));
      const writes = slices.filter((slice) => slice !== undefined);
      if (writes.length === 0) return true;
      const { pump, versions } = this.#setup;
      const { status } = await pump.submit(
        new CommitRequest(versions.next(), ctx, namespace, writes, checks),
      );
      if (status === "conflict") return false;
      left = writes.filter(({ isLast }) => !isLast).map(({ range }) => incarnationOfItem(range.start));
    }
    return true;
  }

  /** The removal of the first items of an incarnation; undefined when it has none. */
  async #slice(ctx: Context, namespace: string, id: string): Promise<Slice | undefined> {
    const range = itemRange(id);
    const options = { want: "keys", limit: SLICE_ITEMS } as const;
    let count = 0;
    let last = "";
    for await (const { entries } of this.#setup.backend.scan(ctx, namespace, range, options)) {
      count += entries.length;
      last = entries.at(-1)?.key ?? last;
    }
    if (count === 0) return undefined;
    const isLast = count < SLICE_ITEMS;
    return { kind: "delete-range", range: isLast ? range : { ...range, end: successor(last) }, isLast };
  }
}

interface Slice extends DeleteRange {
  readonly isLast: boolean;
}
