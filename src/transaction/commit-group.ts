import type { KeyRange } from "../core/range.js";
import { inRange, overlaps } from "../core/range.js";
import { dataBytes, type CommitRequest } from "./commit-request.js";

/**
 * The requests that one call may carry together: none of them writes what another one checks, ranges over or writes.
 * A request that does not fit blocks later ones that touch the same keys, so that no key's order changes.
 */
export class CommitGroup {
  readonly #maxRequests: number;
  readonly #maxBytes: number;
  readonly #written = new Set<string>();
  readonly #checked = new Set<string>();
  readonly #writtenRanges: NamespacedRange[] = [];
  readonly #checkedRanges: NamespacedRange[] = [];
  readonly requests: CommitRequest[] = [];
  #bytes = 0;
  #full = false;

  constructor(maxRequests: number, maxBytes: number) {
    this.#maxRequests = maxRequests;
    this.#maxBytes = maxBytes;
  }

  /** Takes the request in, or answers false: it must wait for a later group. */
  offer(request: CommitRequest): boolean {
    const fits = !this.#full && this.#isIndependent(request) && this.#hasRoom(request);
    this.#claim(request);
    if (fits) this.requests.push(request);
    return fits;
  }

  get isFull(): boolean {
    return this.#full;
  }

  #hasRoom(request: CommitRequest): boolean {
    this.#bytes += dataBytes(request);
    const first = this.requests.length === 0;
    this.#full = this.requests.length >= this.#maxRequests || (this.#bytes > this.#maxBytes && !first);
    return !this.#full;
  }

  #isIndependent(request: CommitRequest): boolean {
    const { namespace } = request;
    return (
      request.checks.every(({ key }) => !this.#writesKey(namespace, key)) &&
      request.ranges.every(({ range }) => !this.#writesInRange(namespace, range)) &&
      request.writes.every((write) =>
        write.kind === "delete-range"
          ? !this.#touchesRange(namespace, write.range)
          : !this.#writesKey(namespace, write.key) && !this.#checksKey(namespace, write.key),
      )
    );
  }

  #claim(request: CommitRequest): void {
    const { namespace } = request;
    for (const { key } of request.checks) this.#checked.add(claimKey(namespace, key));
    for (const { range } of request.ranges) this.#checkedRanges.push({ namespace, range });
    for (const write of request.writes) {
      if (write.kind === "delete-range") this.#writtenRanges.push({ namespace, range: write.range });
      else this.#written.add(claimKey(namespace, write.key));
    }
  }

  #writesKey(namespace: string, key: string): boolean {
    return this.#written.has(claimKey(namespace, key)) || holdsKey(this.#writtenRanges, namespace, key);
  }

  #checksKey(namespace: string, key: string): boolean {
    return this.#checked.has(claimKey(namespace, key)) || holdsKey(this.#checkedRanges, namespace, key);
  }

  #writesInRange(namespace: string, range: KeyRange): boolean {
    return (
      claimsInRange(this.#written, namespace, range) || holdsRange(this.#writtenRanges, namespace, range)
    );
  }

  #touchesRange(namespace: string, range: KeyRange): boolean {
    return (
      this.#writesInRange(namespace, range) ||
      claimsInRange(this.#checked, namespace, range) ||
      holdsRange(this.#checkedRanges, namespace, range)
    );
  }
}

interface NamespacedRange {
  readonly namespace: string;
  readonly range: KeyRange;
}

function claimKey(namespace: string, key: string): string {
  return namespace === "" ? key : `${namespace}\0${key}`;
}

function holdsKey(ranges: readonly NamespacedRange[], namespace: string, key: string): boolean {
  return ranges.some((held) => held.namespace === namespace && inRange(key, held.range));
}

function holdsRange(ranges: readonly NamespacedRange[], namespace: string, range: KeyRange): boolean {
  return ranges.some((held) => held.namespace === namespace && overlaps(held.range, range));
}

function claimsInRange(claims: ReadonlySet<string>, namespace: string, range: KeyRange): boolean {
  const prefix = claimKey(namespace, "");
  for (const claim of claims) {
    const separator = claim.indexOf("\0");
    const inNamespace =
      namespace === "" ? separator === -1 : separator === prefix.length - 1 && claim.startsWith(prefix);
    if (inNamespace && inRange(claim.slice(prefix.length), range)) return true;
  }
  return false;
}
