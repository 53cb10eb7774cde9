import { StorageFault } from "./errors.js";

/** Why the package that a backend needs could not be loaded: it is not installed, or something is wrong with it. */
export function driverFault(backend: string, name: string, cause: unknown): StorageFault {
  const advice = isMissing(cause)
    ? `which is not installed; run: npm install ${name}`
    : "which could not be loaded; see the cause";
  return new StorageFault("unsupported", `the ${backend} backend needs the package ${name}, ${advice}`, {
    cause,
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}

/**
 * Makes a client from what the configuration holds for its driver.
 *
 * @throws TypeError when the driver refuses that. What it says itself is kept back: it may quote a url, and the password in it.
 */
export function madeByDriver<T>(backend: string, make: () => T): T {
  try {
    return make();
  } catch {
    throw new TypeError(
      `the driver of ${backend} refuses its options; compare ${backend}.url and ${backend}.options with what it documents`,
    );
  }
}
