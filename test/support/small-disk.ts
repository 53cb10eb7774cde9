import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** A file system of its own that is soon full. */
export interface SmallDisk {
  readonly path: string;
  /** Gives it so much room from now on. */
  resize(mebibytes: number): void;
  remove(): void;
}

/** Mounts one in memory that anybody may write; undefined where this user may not mount. */
export function mountSmallDisk(mebibytes: number): SmallDisk | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const path = mkdtempSync(join(tmpdir(), "holdfast-small-"));
  const run = (...args: readonly string[]) =>
    execFileSync(args[0] as string, args.slice(1), { stdio: "pipe" });
  try {
    run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}M`, "holdfast", path);
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  chmodSync(path, 0o777);
  return {
    path,
    resize: (room) => run("mount", "-o", `remount,size=${room}M`, path),
    remove() {
      run("umount", "--lazy", path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
