import type { Message } from "./message.js";

/** Messages read at once. */
const PAGE = 64;
/** What a round is taken for at first: a question, an answer, and what a tool may have said. */
const USUAL_ROUND = 4;

/** How much of a session is wanted. */
export interface HistoryBounds {
  /** Most rounds; a round is a message of the user and everything up to the next one. */
  readonly maxRounds: number;
  /** Most messages, those that open the session included. */
  readonly maxMessages: number;
}

/** A session at one moment. */
export interface SessionReader {
  llen(): Promise<number>;
  /** The messages from `start` to `end`, both included. */
  lrange(start: number, end: number): Promise<Message[]>;
}

/**
 * What a language model should be shown of a session: the system messages that open it, then the last whole rounds
 * within the bounds. So it never begins with an answer whose question is not there. When the last round alone is too long,
 * its question is kept, and of the rest the end. The result of a tool is left out where its call is not kept before it.
 * Reads no more of the session than it needs, from its end.
 */
export async function recentHistory(session: SessionReader, bounds: HistoryBounds): Promise<Message[]> {
  const length = await session.llen();
  const opening = (await openingOf(session, length)).slice(0, bounds.maxMessages);
  const room = { ...bounds, maxMessages: bounds.maxMessages - opening.length };
  if (room.maxMessages <= 0 || room.maxRounds <= 0) return opening;
  return [...opening, ...lastRounds(await tailOf(session, opening.length, length, room), room)];
}

/** The system messages before the first message of anybody else. */
async function openingOf(session: SessionReader, length: number): Promise<Message[]> {
  const opening: Message[] = [];
  while (opening.length < length) {
    // A session usually opens with one, if any.
    const page = await session.lrange(opening.length, opening.length + (opening.length === 0 ? 1 : PAGE - 1));
    const other = page.findIndex(({ role }) => role !== "system");
    opening.push(...(other === -1 ? page : page.slice(0, other)));
    if (other !== -1 || page.length === 0) break;
  }
  return opening;
}

/** The end of a session, from `from` on at the earliest, as far back as the bounds need. */
async function tailOf(
  session: SessionReader,
  from: number,
  length: number,
  bounds: HistoryBounds,
): Promise<Message[]> {
  const pages: Message[][] = [];
  let rounds = 0;
  let start = length;
  let size = Math.min(PAGE, bounds.maxMessages, USUAL_ROUND * bounds.maxRounds);
  const isEnough = () => rounds >= bounds.maxRounds || (rounds > 0 && length - start >= bounds.maxMessages);
  while (start > from && !isEnough()) {
    const end = start;
    start = Math.max(from, end - size);
    size = PAGE;
    const page = await session.lrange(start, end - 1);
    rounds += page.filter(isQuestion).length;
    pages.push(page);
  }
  return pages.reverse().flat();
}

function lastRounds(tail: readonly Message[], { maxRounds, maxMessages }: HistoryBounds): readonly Message[] {
  const starts = tail.flatMap((message, i) => (isQuestion(message) ? [i] : []));
  const allowed = maxRounds >= starts.length ? starts : starts.slice(-maxRounds);
  const start = allowed.find((place) => tail.length - place <= maxMessages);
  if (start !== undefined) return withCalls(tail, (place) => place >= start);
  const last = allowed.at(-1);
  if (last === undefined) return [];
  // The last round alone is too long: its question, and its end.
  const rest = tail.length - (maxMessages - 1);
  return withCalls(tail, (place) => place === last || place >= rest);
}

/** The messages at the places that are kept, without the results of tools whose call is not. */
function withCalls(tail: readonly Message[], isKept: (place: number) => boolean): readonly Message[] {
  const calls = new CallPlaces();
  return tail.filter((message, place) => {
    calls.pass(message, place);
    if (message.role !== "tool") return isKept(place);
    const call = calls.of(message);
    return call !== undefined && isKept(call) && isKept(place);
  });
}

/** Where the calls of tools stand, of the messages that were passed. */
class CallPlaces {
  /** By whatever text a call names itself with: which of its parts that is, each model says in its own way. */
  readonly #named = new Map<string, number>();
  #nearest: number | undefined;
  #nearestHasIds = false;

  pass({ role, toolCalls }: Message, place: number): void {
    if (role !== "assistant") return;
    this.#nearest = place;
    this.#nearestHasIds = false;
    // Nobody has checked what a model gave.
    for (const call of Array.isArray(toolCalls) ? (toolCalls as readonly unknown[]) : []) {
      if (typeof call !== "object" || call === null) continue;
      if ("id" in call) this.#nearestHasIds = true;
      for (const value of Object.values(call) as unknown[])
        if (typeof value === "string") this.#named.set(value, place);
    }
  }

  /** Of a result that names no call, or calls that have no names, the nearest; undefined when it stands before all of them. */
  of({ toolCallId }: Message): number | undefined {
    if (toolCallId === undefined) return this.#nearest;
    return this.#named.get(toolCallId) ?? (this.#nearestHasIds ? undefined : this.#nearest);
  }
}

function isQuestion({ role }: Message): boolean {
  return role === "user";
}
