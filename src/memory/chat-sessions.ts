import type { Context } from "../core/context.js";
import { parseDuration, type Duration } from "../core/duration.js";
import { quoteName, StorageError, type Reason } from "../core/errors.js";
import { requireKnownOptions } from "../core/known-options.js";
import type { ListOptions } from "../core/listing.js";
import type { Storage } from "../plugin/storage.js";
import type { ListCalls } from "../structures/list-calls.js";
import { checkMessage, type Message, type NewMessage } from "./message.js";
import { recentHistory } from "./recent-history.js";

const DEFAULT_SESSION = "default";
/** What the keys of sessions begin with, in whatever namespace the storage is. */
const PREFIX = "memory:session:";
/** Sessions deleted at once. */
const PAGE = 500;

export interface MemoryManagerOptions {
  /** Where sessions are kept: a store, or a namespace of one to keep several memories apart. */
  readonly storage: Pick<Storage, "list" | "keys" | "delete" | "deleteBatch" | "transact">;
  /** A session expires this long after its last message. Default: never. */
  readonly sessionTtl?: Duration;
  /** The time that messages are stamped with, in milliseconds since the Unix epoch. Default: the machine's. */
  readonly now?: () => number;
}

/** Which session a call is about. */
export interface SessionOptions {
  /** Default "default". */
  readonly sessionId?: string;
}

export interface AddOptions extends SessionOptions {
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface AddAssistantOptions extends AddOptions {
  readonly toolCalls?: readonly unknown[];
}

export interface AddToolResultOptions extends AddOptions {
  readonly toolCallId?: string;
  /** The tool's name. */
  readonly name?: string;
}

export interface GetMessagesOptions extends SessionOptions {
  /** Most messages. Default: all. */
  readonly limit?: number;
  /** The first one's place: 0 is the oldest, negative ones count from the end, so that -10 gives the last ten. Default 0. */
  readonly offset?: number;
}

export interface BuildHistoryOptions extends SessionOptions {
  /** Most rounds: messages of the user with everything up to the next one. Default: all. */
  readonly maxRounds?: number;
  /** Most messages, the opening system messages included. Default: all. */
  readonly maxMessages?: number;
}

export interface CopySessionOptions {
  /** Replace what the target holds. Default: reject when it holds anything. */
  readonly overwrite?: boolean;
}

/**
 * Chat memory: sessions of messages, each a list of the storage under `memory:session:<id>`. Adding a message costs the
 * same however long the session is; any number of processes may add to any number of sessions of one store. What is
 * added is durable and visible to others when the promise resolves, as with any write of the storage.
 *
 * Calls reject as the storage's own do: reads with 5001 and writes with 5002, `wrong-type` where the session's key holds
 * something else than a list, `invalid-key` when the session's id makes a key that is too long. Misuse is a TypeError.
 */
export class MemoryManager {
  readonly #storage: MemoryManagerOptions["storage"];
  readonly #sessionTtlMs: number | undefined;
  readonly #now: () => number;

  /** @throws TypeError for an unknown option, without a storage, or for a `sessionTtl` that is no duration. */
  constructor(options: MemoryManagerOptions) {
    if (!hasLists(options?.storage)) {
      throw new TypeError("a MemoryManager takes { storage }: a store or one of its namespaces");
    }
    requireKnownOptions("memory", options, ["storage", "sessionTtl", "now"]);
    const { storage, sessionTtl, now = Date.now } = options;
    this.#storage = storage;
    this.#sessionTtlMs = sessionTtl === undefined ? undefined : millisecondsOf(sessionTtl);
    this.#now = now;
  }

  /** Adds what the user said. Resolves with the number of messages in the session. */
  addUser(ctx: Context, text: string, options: AddOptions = {}): Promise<number> {
    return this.#addOne(ctx, "user", text, options, []);
  }

  /** Adds what the assistant answered, with the calls of tools that it asked for. */
  addAssistant(ctx: Context, text: string, options: AddAssistantOptions = {}): Promise<number> {
    return this.#addOne(ctx, "assistant", text, options, ["toolCalls"]);
  }

  /** Adds an instruction to the model. Those that open a session are part of every history. */
  addSystem(ctx: Context, text: string, options: AddOptions = {}): Promise<number> {
    return this.#addOne(ctx, "system", text, options, []);
  }

  /** Adds what a tool gave back. */
  addToolResult(ctx: Context, text: string, options: AddToolResultOptions = {}): Promise<number> {
    return this.#addOne(ctx, "tool", text, options, ["toolCallId", "name"]);
  }

  /** Adds several messages in their order: all of them or none, and nobody else's in between. */
  async add(ctx: Context, messages: readonly NewMessage[], options: SessionOptions = {}): Promise<number> {
    requireKnownOptions("session", options, ["sessionId"]);
    const key = keyOf(options.sessionId);
    requireArray(messages);
    for (const message of messages) checkMessage(message);
    const at = this.#now();
    return await this.#push(
      ctx,
      key,
      messages.map((message) => ({ ...message, at })),
    );
  }

  /** The messages of a session in the order they were added; none when it does not exist. */
  async getMessages(ctx: Context, options: GetMessagesOptions = {}): Promise<Message[]> {
    requireKnownOptions("messages", options, ["sessionId", "limit", "offset"]);
    const { limit, offset = 0 } = options;
    requireWhole("offset", offset);
    if (limit !== undefined) requireCount("limit", limit);
    if (limit === 0) return [];
    const last = limit === undefined ? -1 : offset + limit - 1;
    // Counted from the end, an end at or past 0 is past the last message.
    const end = offset < 0 && last >= 0 ? -1 : last;
    return await this.#storage.list<Message>(keyOf(options.sessionId)).lrange(ctx, offset, end);
  }

  /**
   * What to show a language model of a session: the system messages that open it, then the last whole rounds within the
   * bounds. It never begins with an answer whose question was cut off, and holds no tool's result without its call.
   */
  async buildHistory(ctx: Context, options: BuildHistoryOptions = {}): Promise<Message[]> {
    requireKnownOptions("history", options, ["sessionId", "maxRounds", "maxMessages"]);
    const { sessionId, maxRounds = Infinity, maxMessages = Infinity } = options;
    if (maxRounds !== Infinity) requireCount("maxRounds", maxRounds);
    if (maxMessages !== Infinity) requireCount("maxMessages", maxMessages);
    const key = keyOf(sessionId);
    // In a transaction, so that all pages are of one moment.
    return await this.#storage.transact(ctx, (tx) =>
      recentHistory(tx.list<Message>(key), { maxRounds, maxMessages }),
    );
  }

  /** The ids of the sessions there are, in the order of their bytes; `after` an id, `limit` and `reverse` page through them. */
  async listSessions(ctx: Context, options: ListOptions = {}): Promise<string[]> {
    const { after, ...others } = options;
    const keys = await this.#storage.keys(ctx, `${PREFIX}*`, {
      ...others,
      ...(after === undefined ? {} : { after: keyOf(after) }),
    });
    return keys.map((key) => key.slice(PREFIX.length));
  }

  /** Removes a session with its messages. False when there was none. */
  async deleteSession(ctx: Context, sessionId: string = DEFAULT_SESSION): Promise<boolean> {
    return await this.#storage.delete(ctx, keyOf(sessionId));
  }

  /**
   * Copies the messages of a session to another, for a branch of a conversation: those that it held at one moment during
   * the call, all of them in one commit. Resolves with their number; 0 when there is no such session, and nothing is made
   * then. Rejects with 5002: `not-empty` when the target holds messages already and `overwrite` is not set, `too-large`
   * when they are more than the backend commits at once: `limits.maxBatchEntries` of `info` less two, or
   * `maxBatchBytes`; with 5001 `conflict` when the session is changed without a pause in other ways than by adding to it.
   */
  async copySession(
    ctx: Context,
    from: string,
    to: string,
    options: CopySessionOptions = {},
  ): Promise<number> {
    requireKnownOptions("copy", options, ["overwrite"]);
    const [source, target] = [keyOf(from), keyOf(to)];
    if (source === target) throw new TypeError("a session cannot be copied to itself; give another id");
    const list = this.#list(source);
    // As many as there are now: a range up to the end would be another one after each message that is added meanwhile.
    const length = await list.llen(ctx);
    const messages = length === 0 ? [] : await list.lrange(ctx, 0, length - 1);
    if (messages.length === 0) return 0;
    const replace = options.overwrite === true;
    try {
      return await this.#list(target).fill(ctx, messages, { replace, ttlMs: this.#sessionTtlMs });
    } catch (error) {
      throw ofCopy(error, from, to, messages.length);
    }
  }

  /** Removes every session of this storage; how many there were. Sessions begun meanwhile may stay. */
  async clear(ctx: Context): Promise<number> {
    let removed = 0;
    for (;;) {
      const keys = await this.#storage.keys(ctx, `${PREFIX}*`, { limit: PAGE });
      if (keys.length > 0) removed += await this.#storage.deleteBatch(ctx, keys);
      if (keys.length < PAGE) return removed;
    }
  }

  async #addOne(
    ctx: Context,
    role: Message["role"],
    content: string,
    options: AddOptions,
    more: readonly string[],
  ): Promise<number> {
    requireKnownOptions("message", options, ["sessionId", "metadata", ...more]);
    const { sessionId, ...details } = options;
    const message = { role, content, ...details };
    checkMessage(message);
    return await this.#push(ctx, keyOf(sessionId), [{ ...message, at: this.#now() }]);
  }

  #push(ctx: Context, key: string, messages: readonly Message[]): Promise<number> {
    const list = this.#list(key);
    if (this.#sessionTtlMs === undefined) return list.rpush(ctx, ...messages);
    return list.rpushUntil(ctx, this.#sessionTtlMs, messages);
  }

  #list(key: string): ListCalls<Message> {
    return this.#storage.list<Message>(key) as ListCalls<Message>;
  }
}

/** What kept a session from being written, in the words of its copy. */
function ofCopy(error: unknown, from: string, to: string, count: number): unknown {
  if (!(error instanceof StorageError)) return error;
  const said = new Map<Reason, string>([
    ["not-empty", "it holds messages already; give another id, or overwrite: true"],
    [
      "too-large",
      `the ${count} messages of ${quoteName(from)} are more than the backend writes at once (see limits in info); add its last ones to a new session: getMessages with an offset, then add`,
    ],
  ]).get(error.reason);
  if (said === undefined) return error;
  const { code, reason, key, namespace, backend } = error;
  const message = `copySession to ${quoteName(to)} failed: ${said}`;
  const operation = { operation: "copySession", access: "write", backend, key, namespace } as const;
  return new StorageError({ ...operation, code, reason, message, cause: error });
}

function keyOf(sessionId: string = DEFAULT_SESSION): string {
  if (typeof sessionId !== "string" || sessionId === "") {
    throw new TypeError("the id of a session must be text of at least one character");
  }
  return PREFIX + sessionId;
}

/** Whether it is a store of this package, whose lists have what sessions need. */
function hasLists(storage: MemoryManagerOptions["storage"] | undefined): boolean {
  return typeof storage?.list === "function" && "rpushUntil" in storage.list(PREFIX);
}

function millisecondsOf(sessionTtl: Duration): number {
  try {
    return parseDuration(sessionTtl);
  } catch (error) {
    throw new TypeError(`sessionTtl takes a duration: ${(error as Error).message}`, { cause: error });
  }
}

function requireArray(messages: unknown): void {
  if (!Array.isArray(messages)) throw new TypeError("add takes an array of messages");
}

function requireWhole(name: string, value: unknown): void {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} must be a whole number`);
}

function requireCount(name: string, value: unknown): void {
  requireWhole(name, value);
  if ((value as number) < 0) throw new TypeError(`${name} must be 0 or more`);
}
