/** Why one transaction must come before another. Each edge has one kind; sets of kinds are joined with `|`. */
export const EDGE = {
  /** The second wrote the version that follows one the first wrote. */
  ww: 1,
  /** The second read a version that the first wrote. */
  wr: 2,
  /** The first read a version that the second replaced. */
  rw: 4,
  /** The first had ended before the second began. */
  realTime: 8,
  /** Leads on from a node that stands for no transaction; the edge into that node says why. */
  onward: 16,
} as const;

/** A directed multigraph in compressed rows: the edges of node n are `offsets[n]` to `offsets[n + 1]`. */
export interface DependencyGraph {
  readonly nodeCount: number;
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  readonly kinds: Uint8Array;
  /** What each edge is about, a number of the caller's; -1 for nothing. */
  readonly subjects: Int32Array;
}

/** Collects edges in flat arrays, so that a million of them cost megabytes and no objects. */
export class GraphBuilder {
  #nodeCount: number;
  #edgeCount = 0;
  #sources = new Int32Array(1024);
  #targets = new Int32Array(1024);
  #subjects = new Int32Array(1024);
  #kinds = new Uint8Array(1024);

  constructor(nodeCount: number) {
    this.#nodeCount = nodeCount;
  }

  /** Adds a node that stands for no transaction, only for paths between some. */
  addNode(): number {
    return this.#nodeCount++;
  }

  addEdge(source: number, target: number, kind: number, subject = -1): void {
    if (this.#edgeCount === this.#sources.length) this.#grow();
    this.#sources[this.#edgeCount] = source;
    this.#targets[this.#edgeCount] = target;
    this.#kinds[this.#edgeCount] = kind;
    this.#subjects[this.#edgeCount] = subject;
    this.#edgeCount += 1;
  }

  build(): DependencyGraph {
    const offsets = this.#rowOffsets();
    const next = offsets.slice();
    const targets = new Int32Array(this.#edgeCount);
    const kinds = new Uint8Array(this.#edgeCount);
    const subjects = new Int32Array(this.#edgeCount);
    for (let edge = 0; edge < this.#edgeCount; edge++) {
      const source = this.#sources[edge] as number;
      const place = next[source] as number;
      next[source] = place + 1;
      targets[place] = this.#targets[edge] as number;
      kinds[place] = this.#kinds[edge] as number;
      subjects[place] = this.#subjects[edge] as number;
    }
    return { nodeCount: this.#nodeCount, offsets, targets, kinds, subjects };
  }

  #rowOffsets(): Int32Array {
    const offsets = new Int32Array(this.#nodeCount + 1);
    for (let edge = 0; edge < this.#edgeCount; edge++) {
      const row = (this.#sources[edge] as number) + 1;
      offsets[row] = (offsets[row] as number) + 1;
    }
    for (let node = 0; node < this.#nodeCount; node++) {
      offsets[node + 1] = (offsets[node + 1] as number) + (offsets[node] as number);
    }
    return offsets;
  }

  #grow(): void {
    const size = this.#sources.length * 2;
    this.#sources = widen(this.#sources, new Int32Array(size));
    this.#targets = widen(this.#targets, new Int32Array(size));
    this.#subjects = widen(this.#subjects, new Int32Array(size));
    this.#kinds = widen(this.#kinds, new Uint8Array(size));
  }
}

function widen<A extends Int32Array | Uint8Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
