import { existsSync } from "node:fs";
import { tmpdir } from "node:os";

/** Where stores of tests stand whose subject is not the disk: in memory where the system has such a folder. */
export const MEMORY_FOLDER = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
