/** Writes to a store of lmdb until it was refused often, and tells what was acknowledged and how the rest was refused. */
import { background, openStorage, StorageError } from "../../../src/index.js";
import { taskOf, tell } from "../../support/store-process.js";

export interface FullDiskTask {
  readonly path: string;
  readonly bytes: number;
  readonly writers: number;
}

export interface FullDiskReport {
  readonly acknowledged: readonly string[];
  /** Reasons; what was no StorageError as text. */
  readonly refused: readonly string[];
}

const MOST_REFUSED = 30;
const ctx = background();
const { path, bytes, writers } = taskOf<FullDiskTask>();
const storage = await openStorage({ backend: "lmdb", lmdb: { path } }, { warn: () => undefined });
const value = "x".repeat(bytes);
const acknowledged: string[] = [];
const refused: string[] = [];
const write = (key: string) =>
  storage.set(ctx, key, value).then(
    () => acknowledged.push(key),
    (error: unknown) => refused.push(error instanceof StorageError ? error.reason : String(error)),
  );
for (let round = 0; refused.length < MOST_REFUSED; round++) {
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(`${round}:${writer}`)));
}
tell({ acknowledged, refused } satisfies FullDiskReport);
