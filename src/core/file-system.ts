/**
 * What file-keeping backends ask of an operating system: everything they do to a disk goes through here, so that a
 * simulated file system can lose power at any call. An error is the system's own, with its `code` (`ENOSPC`, `EIO`, …);
 * the backend translates it.
 */
export interface FileSystem {
  /**
   * `create`: a new file, `EEXIST` when the name is taken, private to the user. `update`: an existing one, for writing.
   * A symbolic link is never followed (`ELOOP`).
   *
   * @param writes `durable`: every write makes its content and the size durable before it resolves, by one trip to
   * the system instead of two. When such a write fails nothing is known of what it wrote, and of nothing else.
   */
  open(path: string, access: "create" | "update", writes?: "durable"): Promise<OpenFile>;
  /** The whole file. A symbolic link is not followed. */
  readFile(path: string): Promise<Uint8Array>;
  /** Bytes of a file. */
  size(path: string): Promise<number>;
  /** Replaces `to` when it exists. Durable only after {@link syncDir}. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; `EEXIST` when the name is taken. Durable only after {@link syncDir}. */
  link(existing: string, path: string): Promise<void>;
  /** Removes a name; a symbolic link itself, not what it points to. */
  unlink(path: string): Promise<void>;
  /** Names in a folder, in no particular order. */
  readdir(folder: string): Promise<string[]>;
  /** What a name stands for, `other` for a symbolic link; undefined when nothing is there. */
  kind(path: string): Promise<"file" | "folder" | "other" | undefined>;
  /** Makes the names in a folder durable. */
  syncDir(folder: string): Promise<void>;
  /** Makes a folder and its parents, private to the user, and durable; nothing when it exists. */
  makeDir(folder: string): Promise<void>;
  /** Removes an empty folder; `ENOTEMPTY` when it is not. */
  removeDir(folder: string): Promise<void>;
  /**
   * Gives `path` new content in one step, as write-file-atomic does and with its faults: after a success the file may
   * be shorter than `bytes` (a full disk), and the name is not durable. Read it back and sync the folder.
   */
  replaceFile(path: string, bytes: Uint8Array): Promise<void>;
}

/** An open file. No two calls on one file run at the same time. */
export interface OpenFile {
  /** Writes at an offset; the number of bytes written, which may be less than given. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Makes content and size durable. After a failure nothing is known of what was written before it. */
  sync(): Promise<void>;
  /** As {@link sync}, leaving out metadata that is not needed to read the content. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}
