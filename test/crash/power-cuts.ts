import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { tryEndings, type KillOptions, type KillTotals } from "./kill-rounds.js";

const run = promisify(execFile);
const ATTEMPTS = 20;
const PAUSE_MS = 20;
const IMAGE_BYTES = 320 * 1024 * 1024;
/** The file systems' own ioctl that ends them at once; 2: without writing their log. */
const SHUTDOWN =
  "my $how = pack('L', 2); open(my $file, '<', $ARGV[0]) or die $!; ioctl($file, 0x8004587D, $how) or die $!;";

export type RealFileSystem = "ext4" | "xfs";

/** Why power cuts of a real file system cannot be tried here; undefined when they can. */
export function whyNot(kind: RealFileSystem): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  for (const command of [`mkfs.${kind}`, "mount", "umount", "perl"]) {
    if (!isThere(command)) return `needs ${command}`;
  }
  return isKnownToKernel(kind) ? undefined : `needs a kernel that knows ${kind}`;
}

/** It may be there already, or come as a module when it is mounted. */
function isKnownToKernel(kind: RealFileSystem): boolean {
  const known = readFileSync("/proc/filesystems", "utf8").split(/\s+/);
  return known.includes(kind) || succeeds("modprobe", ["-n", "-q", kind]);
}

/**
 * Runs a writing process on a file system of its own, in an image, and cuts its power: the writer is stopped, the file
 * system shut down without writing its log, and mounted again.
 */
export async function tryPowerCuts(kind: RealFileSystem, options: KillOptions): Promise<KillTotals> {
  const folder = await mkdtemp(join(tmpdir(), `holdfast-${kind}-`));
  const [image, mounted] = [join(folder, "image"), join(folder, "mounted")];
  await writeFile(image, "");
  await truncate(image, IMAGE_BYTES);
  await mkdir(mounted);
  await run(`mkfs.${kind}`, ["-q", image]);
  const mount = () => run("mount", ["-o", "loop", image, mounted]);
  await mount();
  try {
    return await tryEndings(options, {
      folder: mounted,
      async end(child) {
        const closed = once(child, "close");
        child.kill("SIGSTOP");
        try {
          await run("perl", ["-e", SHUTDOWN, mounted]);
        } finally {
          child.kill("SIGKILL");
          await closed;
        }
        await unmount(mounted);
        await mount();
      },
    });
  } finally {
    await unmount(mounted).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** libsql keeps a closed file open until its statements are collected, and nothing is unmounted meanwhile. */
async function unmount(folder: string): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  for (let attempt = 1; ; attempt++) {
    collectGarbage();
    await delay(PAUSE_MS);
    try {
      await run("umount", [folder]);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

function isThere(command: string): boolean {
  return succeeds("sh", ["-c", `command -v ${command}`]);
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
