import { StorageFault, type Reason } from "../../core/errors.js";

/**
 * What an error says about the command it came for: `unsent`, it was never sent; `refused`, the server did nothing but
 * may soon; `lost`, the connection broke and nobody knows; `final`, the server did nothing and will not.
 */
export type Effect = "unsent" | "refused" | "lost" | "final";

interface Meaning {
  readonly reason: Reason;
  readonly effect: Effect;
  readonly message: string;
  /** Where the reason's own default is wrong. */
  readonly retryable?: boolean;
}

function meaning(reason: Reason, effect: Effect, message: string, retryable?: boolean): Meaning {
  return retryable === undefined ? { reason, effect, message } : { reason, effect, message, retryable };
}

const DENIED = "the server refuses the user; check redis.username and redis.password";

/** By the first word of what the server answers. */
const REPLIES: ReadonlyMap<string, Meaning> = new Map([
  ["OOM", meaning("no-space", "final", "the server is at its maxmemory; delete something or give it more")],
  ["READONLY", meaning("read-only", "refused", "the server is a read-only replica", true)],
  ["NOAUTH", meaning("denied", "final", DENIED)],
  ["WRONGPASS", meaning("denied", "final", DENIED)],
  ["NOPERM", meaning("denied", "final", "the user may not run a command or use a key that the store needs")],
  ["LOADING", meaning("unavailable", "refused", "the server is still loading its data")],
  ["MASTERDOWN", meaning("unavailable", "refused", "the server has lost its master")],
  [
    "CLUSTERDOWN",
    meaning("unavailable", "refused", "the cluster is not ready: it does not serve every slot"),
  ],
  ["TRYAGAIN", meaning("unavailable", "refused", "the namespace is moving to another node")],
  ["MOVED", meaning("unavailable", "refused", "the namespace has moved to another node")],
  ["ASK", meaning("unavailable", "refused", "the namespace is moving to another node")],
  ["NOREPLICAS", meaning("unavailable", "refused", "the server has too few replicas to take writes")],
  ["BUSY", meaning("busy", "refused", "the server is busy with another script")],
  ["UNKILLABLE", meaning("busy", "refused", "the server is busy with another script")],
  ["WRONGTYPE", meaning("foreign", "final", "a key of the store holds what somebody else put there")],
  ["FENCED", meaning("unavailable", "final", "the attempt was given up before it reached the server")],
]);

/** By a part of the text, where the first word says nothing. */
const TEXTS: readonly (readonly [RegExp, Meaning])[] = [
  [/^MISCONF.*No space left/s, meaning("no-space", "final", "the server's disk is full")],
  [/^MISCONF/, meaning("unavailable", "final", "the server cannot persist its data and takes no writes")],
  [/without any password configured/, meaning("denied", "final", DENIED)],
  [/max number of clients/, meaning("busy", "refused", "the server has as many clients as it takes")],
  [/unknown command|unknown subcommand/i, meaning("unsupported", "final", "the server lacks a command")],
  [/DB index is out of range/, meaning("unsupported", "final", "the server has no database of that number")],
  [/cluster support disabled/, meaning("unsupported", "final", "the server is not part of a cluster")],
];

/** There is no connection now, so nothing was sent. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";
}

const BROKEN = meaning("unavailable", "lost", "the connection to the server broke");
const UNREACHABLE = meaning("unavailable", "unsent", "the server cannot be reached");

/** Errors of the driver and of sockets, by the name of their class or their code. */
const CONNECTION: ReadonlyMap<string, Meaning> = new Map([
  ["NotConnected", UNREACHABLE],
  ["ClientOfflineError", UNREACHABLE],
  ["ClientClosedError", UNREACHABLE],
  ["RootNodesUnavailableError", UNREACHABLE],
  ["ConnectionTimeoutError", UNREACHABLE],
  ["ECONNREFUSED", UNREACHABLE],
  ["ENOTFOUND", UNREACHABLE],
  ["EAI_AGAIN", UNREACHABLE],
  ["ENOENT", UNREACHABLE],
  ["EACCES", UNREACHABLE],
  ["MaxCommandRedirectionsError", meaning("unavailable", "refused", "the cluster sends from node to node")],
  ["SocketClosedUnexpectedlyError", BROKEN],
  ["SocketTimeoutError", BROKEN],
  ["DisconnectsClientError", BROKEN],
  ["ReconnectStrategyError", BROKEN],
  ["AbortError", BROKEN],
  ["TimeoutError", BROKEN],
  ["ECONNRESET", BROKEN],
  ["EPIPE", BROKEN],
  ["ETIMEDOUT", BROKEN],
  ["EHOSTUNREACH", BROKEN],
  ["ENETUNREACH", BROKEN],
  ["ENETDOWN", BROKEN],
]);

const UNFORESEEN = meaning("io", "lost", "the server could not be asked");

/** What happened to the command that an error came for. */
export function effectOf(error: unknown): Effect {
  return meaningOf(error).effect;
}

/** An error of the driver or the server as a fault; a fault stays what it is. */
export function redisFault(error: unknown): StorageFault {
  if (error instanceof StorageFault) return error;
  const known = meaningOf(error);
  const { reason, retryable } = known;
  const details = known === UNREACHABLE ? socketText(error) : undefined;
  const message = details === undefined ? known.message : `${known.message}: ${details}`;
  return new StorageFault(reason, message, {
    cause: error,
    ...(retryable !== undefined && { retryable }),
  });
}

/** What a socket that was not opened says of the address, such as `connect ECONNREFUSED 127.0.0.1:6379`. */
function socketText(error: unknown): string | undefined {
  // A name of several addresses fails with one error for each, and a message of its own that is empty.
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error && "syscall" in first ? first.message : undefined;
}

function meaningOf(error: unknown): Meaning {
  if (!(error instanceof Error)) return UNFORESEEN;
  if (isReply(error)) return meaningOfReply(error.message);
  const code = (error as NodeJS.ErrnoException).code;
  const known = CONNECTION.get(error.constructor.name) ?? CONNECTION.get(code ?? "");
  if (known !== undefined) return known;
  // What TLS finds wrong is found before anything is sent.
  if (code !== undefined && /CERT|TLS|SSL/.test(code)) {
    return meaning(
      "unavailable",
      "unsent",
      "the server's TLS certificate or protocol is not accepted",
      false,
    );
  }
  return UNFORESEEN;
}

/** Whether the server said it, and not the driver. */
function isReply(error: Error): boolean {
  const name = error.constructor.name;
  return (
    name === "SimpleError" || name === "BlobError" || name === "ErrorReply" || name === "MultiErrorReply"
  );
}

function meaningOfReply(message: string): Meaning {
  const word = message.slice(0, message.indexOf(" ") + 1).trim() || message;
  const known = REPLIES.get(word) ?? TEXTS.find(([text]) => text.test(message))?.[1];
  return known ?? meaning("io", "final", `the server answered with an error (${word})`);
}

/** The first word of an error of ours that a script answered with, such as `BEHIND`; undefined for all others. */
export function scriptAnswer(error: unknown): "BEHIND" | "SPLIT" | "PARTIAL" | "NOSCRIPT" | undefined {
  if (!(error instanceof Error) || !isReply(error)) return undefined;
  const word = /^(?:BEHIND|SPLIT|PARTIAL|NOSCRIPT)(?= )/.exec(error.message)?.[0];
  return word as "BEHIND" | undefined;
}
