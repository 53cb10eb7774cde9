import assert from "node:assert/strict";
import { StorageError, type Reason, type StorageErrorCode } from "../../core/errors.js";

/** What a rejected call must have said; absent members are not looked at. */
export interface ExpectedError {
  readonly reason: Reason;
  readonly code?: StorageErrorCode;
  readonly operation?: string;
  readonly key?: string | undefined;
  readonly namespace?: string;
  readonly retryable?: boolean;
  readonly outcome?: "unknown" | undefined;
}

/** The call must reject with a StorageError that says this; gives the error. */
export async function rejects(
  call: () => Promise<unknown>,
  expected: ExpectedError | Reason,
): Promise<StorageError> {
  const wanted = typeof expected === "string" ? { reason: expected } : expected;
  const error = await rejection(call);
  assert.ok(error instanceof StorageError, `it must reject with a StorageError, not with ${String(error)}`);
  for (const [name, value] of Object.entries(wanted)) {
    assert.equal(error[name as keyof ExpectedError], value, `${name} of: ${error.message}`);
  }
  return error;
}

/** The call is a mistake of the programmer: it must reject with, or throw, a TypeError whose message matches. */
export async function misuses(call: () => unknown, message: RegExp): Promise<void> {
  const error = await rejection(async () => call());
  assert.ok(error instanceof TypeError, `it must end in a TypeError, not in ${String(error)}`);
  assert.match(error.message, message);
}

/** What the call rejects with. */
export async function rejection(call: () => Promise<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    return error;
  }
  assert.fail(`the call must reject, but it resolved with ${String(result)}`);
}

/** All of a sequence. */
export async function collect<T>(sequence: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of sequence) items.push(item);
  return items;
}

/** The keys of what a scan gives. */
export async function keysOf(sequence: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  return (await collect(sequence)).map(({ key }) => key);
}
