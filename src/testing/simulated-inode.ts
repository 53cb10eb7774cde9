const SECTOR_BYTES = 512;
const EMPTY = new Uint8Array(0);

/** The content of one simulated file: as readers see it, and as the disk is sure to hold it. */
export class SimulatedInode {
  #content: Uint8Array;
  #durable: Uint8Array;
  /** Sectors written since the last sync. */
  readonly #dirty = new Set<number>();
  /** Sectors that a failed sync has given up: shown to readers, never written to the disk. */
  readonly #lost = new Set<number>();

  constructor(content: Uint8Array = EMPTY) {
    this.#content = content;
    this.#durable = content;
  }

  /** What readers see. Not to be changed. */
  get content(): Uint8Array {
    return this.#content;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#resize(Math.max(this.#content.length, position + bytes.length));
    this.#content.set(bytes, position);
    this.#mark(position, position + bytes.length);
  }

  truncate(size: number): void {
    const before = this.#content.length;
    this.#resize(size);
    this.#mark(Math.min(size, before), Math.max(size, before));
  }

  sync(): void {
    if (this.#isDurable) return;
    const synced = this.#content.slice();
    for (const sector of this.#lost) restoreSector(synced, this.#durable, sector);
    this.#durable = synced;
    this.#dirty.clear();
  }

  /** A sync failed: what it was to write is marked clean and never reaches the disk, as Linux does it. */
  loseUnsynced(): void {
    for (const sector of this.#dirty) this.#lost.add(sector);
    this.#dirty.clear();
  }

  /** The same file in the hands of another process: what was not synced still is not. */
  afterKill(): SimulatedInode {
    if (this.#isDurable) return new SimulatedInode(this.#durable);
    const copy = new SimulatedInode(this.#durable);
    copy.#content = this.#content.slice();
    for (const sector of this.#dirty) copy.#dirty.add(sector);
    for (const sector of this.#lost) copy.#lost.add(sector);
    return copy;
  }

  /** The file that is found when the power comes back; see SimulatedFileSystem.powerCut. */
  afterPowerCut(survives: () => boolean): SimulatedInode {
    if (this.#isDurable) return new SimulatedInode(this.#durable);
    const sizeKept = this.#content.length === this.#durable.length || survives();
    const found = sizeKept ? this.#content.slice() : this.#durable.slice();
    const unsure = new Set([...this.#dirty, ...this.#lost]);
    for (const sector of unsure) {
      const kept = !this.#lost.has(sector) && survives();
      if (sizeKept && !kept) restoreSector(found, this.#durable, sector);
      if (!sizeKept && kept) restoreSector(found, this.#content, sector);
    }
    return new SimulatedInode(found);
  }

  /** Whether readers see what the disk is sure to hold: its bytes, which never change, may then be shared by copies. */
  get #isDurable(): boolean {
    return this.#dirty.size === 0 && this.#lost.size === 0 && this.#content.length === this.#durable.length;
  }

  #resize(size: number): void {
    if (size !== this.#content.length || this.#content === this.#durable) {
      this.#content = resized(this.#content, size);
    }
  }

  #mark(start: number, end: number): void {
    for (let sector = Math.floor(start / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      this.#dirty.add(sector);
      this.#lost.delete(sector);
    }
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(0, size));
  return copy;
}

/** Puts a sector back to what `source` holds there; what lies past its end reads as NUL. */
function restoreSector(target: Uint8Array, source: Uint8Array, sector: number): void {
  const start = sector * SECTOR_BYTES;
  const end = Math.min(start + SECTOR_BYTES, target.length);
  if (start >= end) return;
  target.fill(0, start, end);
  target.set(source.subarray(start, Math.min(end, source.length)), start);
}
