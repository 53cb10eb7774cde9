import { inspect } from "node:util";

export type PluginErrorReason =
  /** Two plugins with one id, or two that provide one token. */
  | "duplicate"
  /** Plugins that require each other. */
  | "cycle"
  /** Something required, resolved or declared that is not there. */
  | "missing"
  /** A phase that did not end in time. */
  | "timeout"
  /** A phase that was ended from outside. */
  | "cancelled"
  /** A phase that failed; `cause` says why. */
  | "failed"
  /** A call at the wrong time, or with something that cannot be used. */
  | "misuse";

/** What goes wrong between plugins and their registry. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  readonly reason: PluginErrorReason;
  /** The plugin concerned, where there is one. */
  readonly plugin: string | undefined;

  constructor(
    reason: PluginErrorReason,
    message: string,
    details: { readonly plugin?: string; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.plugin = details.plugin;
  }
}

/** One error that keeps all of several, its message naming each. */
export function allOf(what: string, errors: readonly Error[]): AggregateError {
  return new AggregateError(errors, `${what}: ${errors.map(({ message }) => message).join("; ")}`);
}

/** What anything thrown has to say. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === "string" ? thrown : inspect(thrown);
}
