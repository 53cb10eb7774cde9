import { setTimeout as delay } from "node:timers/promises";
import {
  openStorage,
  StorageError,
  StorageFault,
  type StorageErrorCode,
  type Reason,
  type StorageSettings,
} from "../../src/index.js";

/** What the caller of a refused operation is told. */
export interface Refusal {
  readonly code: StorageErrorCode;
  readonly reason: Reason;
}

/** How a call was refused. @throws Error when it was not, or with something else than a StorageError. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { code: error.code, reason: error.reason };
  }
  throw new Error("the call was not refused");
}

/** How opening a store was refused; one that opened is closed again. */
export async function refusalToOpen(settings: StorageSettings): Promise<Refusal> {
  return await refusalOf(openStorage(settings).then((storage) => storage.stop()));
}

/** Tries again while the call is refused as something that passes; a server needs a moment to recover. */
export async function eventually<T>(call: () => Promise<T>, withinMs = 30_000): Promise<T> {
  for (const giveUpAt = performance.now() + withinMs; ; await delay(50)) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StorageError) || performance.now() > giveUpAt) throw error;
    }
  }
}

/** Makes a call until it is refused, which a change at the server may take a moment to bring about; how it was. */
export async function eventuallyRefused(call: () => Promise<unknown>, withinMs = 10_000): Promise<Refusal> {
  for (const giveUpAt = performance.now() + withinMs; performance.now() < giveUpAt; await delay(20)) {
    let isDone = false;
    const refusal = refusalOf(call().then(() => (isDone = true))).catch((error: unknown) => {
      if (!isDone) throw error;
      return undefined;
    });
    const found = await refusal;
    if (found !== undefined) return found;
  }
  throw new Error("the call was never refused");
}

/** What the caller of a refused operation reads. @throws Error when it was not refused, or with something else than an Error. */
export async function messageOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error("the call was not refused", { cause: error });
  return error.message;
}

/** What a call of a backend or of a part of the stack rejects with. @throws Error when it does not, or with something else. */
export async function faultOf(call: Promise<unknown>): Promise<StorageFault> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StorageFault) return error;
  throw new Error("the call was not refused with a StorageFault", { cause: error });
}
