/** Keeps a store to one owner at a time; see process-lock.ts for how. */
export interface StoreLock {
  /**
   * Becomes the owner.
   *
   * @param path the name of the lock file.
   * @throws StorageFault `locked`, naming the owner.
   */
  acquire(path: string): Promise<HeldLock>;
}

export interface HeldLock {
  /** Whether the lock is still there and ours; false when somebody removed it or took it over. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}
