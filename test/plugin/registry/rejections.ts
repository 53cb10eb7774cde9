import { expect } from "chai";

/** What a call rejects with. */
export async function errorOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(Error);
  return error as Error;
}

/** The errors within what a call rejects with. */
export async function errorsOf(work: Promise<unknown>): Promise<readonly Error[]> {
  const error = await errorOf(work);
  expect(error).to.be.instanceOf(AggregateError);
  return (error as AggregateError).errors as Error[];
}
