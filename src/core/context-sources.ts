/** Whether it is a Date; one of another realm is one too. */
export function isDate(value: unknown): value is Date {
  return typeof (value as Partial<Date> | null | undefined)?.getTime === "function";
}

/**
 * One of another realm or a polyfill will do.
 *
 * @throws TypeError when it is no AbortSignal.
 */
export function requireSignal(value: unknown): void {
  const signal = value as Partial<AbortSignal> | null | undefined;
  if (typeof signal?.aborted === "boolean" && typeof signal.addEventListener === "function") return;
  throw new TypeError("fromSignal takes an AbortSignal, as an AbortController has it");
}
