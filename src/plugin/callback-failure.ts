import type { OnProgress } from "./progress-teller.js";

/** What a callback of the caller threw: no failure of the store, and handed on as it is. */
export class CallbackFailure extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super("a callback of the caller failed");
    this.error = error;
  }
}

/** Marks what the caller's own function throws, so that it can be told from other failures. */
export function marked<P>(onProgress: OnProgress<P> | undefined): OnProgress<P> | undefined {
  if (onProgress === undefined) return undefined;
  return async (progress) => {
    try {
      await onProgress(progress);
    } catch (error) {
      throw new CallbackFailure(error);
    }
  };
}

/** Answers with what was marked instead of throwing it. */
export async function caught<T>(body: () => Promise<T>): Promise<T | CallbackFailure> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof CallbackFailure) return error;
    throw error;
  }
}
