import { toStorageError, type OperationDetails } from "./errors.js";

/** Runs the body of a public call, turning whatever it throws into the error users see. */
export async function asOperation<T>(details: OperationDetails, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw toStorageError(error, details);
  }
}

/** As `asOperation`, for a call whose answer is a sequence. */
export async function* asSequence<T>(
  details: OperationDetails,
  body: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  try {
    yield* body();
  } catch (error) {
    throw toStorageError(error, details);
  }
}
