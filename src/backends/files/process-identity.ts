import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** What tells one process from every other, on this machine and since its start. */
export interface ProcessIdentity {
  readonly host: string;
  /** Of the running kernel; empty where the system does not tell. */
  readonly bootId: string;
  /** The namespace in which `pid` means something; empty where the system does not tell. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** Ticks from boot to the start of the process, so that a pid used again is noticed; empty where unknown. */
  readonly startTime: string;
}

export async function thisProcess(): Promise<ProcessIdentity> {
  return {
    host: hostname(),
    bootId: (await readText("/proc/sys/kernel/random/boot_id")).trim(),
    pidNamespace: await readlink("/proc/self/ns/pid").catch(() => ""),
    pid: process.pid,
    startTime: (await processState(process.pid))?.startTime ?? "",
  };
}

/**
 * Whether a process is certainly over. One that cannot be judged from here, on another machine or in another
 * container, is not.
 */
export async function isOver(other: ProcessIdentity): Promise<boolean> {
  const here = await thisProcess();
  if (other.host !== here.host) return false;
  if (other.bootId !== here.bootId) return true;
  if (other.pidNamespace !== here.pidNamespace) return false;
  if (here.startTime === "") return !exists(other.pid);
  const state = await processState(other.pid);
  return state === undefined || state.isDead || state.startTime !== other.startTime;
}

interface ProcessState {
  readonly isDead: boolean;
  readonly startTime: string;
}

/** From /proc; undefined when there is no such process. */
async function processState(pid: number): Promise<ProcessState | undefined> {
  const stat = await readText(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 20) return undefined;
  return { isDead: fields[0] === "Z" || fields[0] === "X", startTime: fields[19] as string };
}

/** Without /proc: whether the pid is in use by anybody. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
