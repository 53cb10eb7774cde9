import assert from "node:assert/strict";
import fc from "fast-check";
import type { Message, Role } from "../../src/memory/message.js";
import { recentHistory, type SessionReader } from "../../src/memory/recent-history.js";

const LETTERS: Readonly<Record<string, Role>> = { s: "system", u: "user", a: "assistant", t: "tool" };

/** A session as letters of roles; each message says where it stood. */
function messagesOf(letters: string): Message[] {
  return Array.from(letters, (letter, i) => ({ role: LETTERS[letter] as Role, content: `${i}`, at: i }));
}

function readerOf(messages: readonly Message[]): SessionReader & { readonly read: () => number } {
  let read = 0;
  return {
    llen: async () => messages.length,
    lrange: async (start, end) => {
      const page = messages.slice(start, end + 1);
      read += page.length;
      return page;
    },
    read: () => read,
  };
}

/** The places of what is shown of a session in which some messages are more than their role. */
async function placesIn(letters: string, details: Readonly<Record<number, object>>, bounds: object) {
  const messages = messagesOf(letters).map((message, i) => ({ ...message, ...details[i] }));
  const wanted = { maxRounds: Infinity, maxMessages: Infinity, ...bounds };
  return (await recentHistory(readerOf(messages), wanted)).map(({ at }) => at).join(" ");
}

async function placesOf(letters: string, maxRounds = Infinity, maxMessages = Infinity): Promise<string> {
  const history = await recentHistory(readerOf(messagesOf(letters)), { maxRounds, maxMessages });
  return history.map(({ content }) => content).join(" ");
}

describe("recentHistory", () => {
  it("is the whole session without bounds", async () => {
    assert.equal(await placesOf("suaua"), "0 1 2 3 4");
    assert.equal(await placesOf(""), "");
  });

  it("keeps the last rounds, and the system messages that open the session", async () => {
    assert.equal(await placesOf("uauaua", 1), "4 5");
    assert.equal(await placesOf("uauaua", 2), "2 3 4 5");
    assert.equal(await placesOf("ssuauaua", 1), "0 1 6 7");
    assert.equal(await placesOf("uauaua", 9), "0 1 2 3 4 5");
    assert.equal(await placesOf("suaua", 0), "0");
  });

  it("counts everything up to the next question to a round", async () => {
    assert.equal(await placesOf("uatattauata", 2), "0 1 2 3 4 5 6 7 8 9 10");
    assert.equal(await placesOf("uatattauata", 1), "7 8 9 10");
  });

  it("never begins with an answer or a tool's result whose question was cut off", async () => {
    assert.equal(await placesOf("uauaua", Infinity, 5), "2 3 4 5");
    assert.equal(await placesOf("uatauata", Infinity, 6), "4 5 6 7");
    assert.equal(await placesOf("aua"), "1 2", "an answer that nothing came before");
    assert.equal(await placesOf("ata"), "");
  });

  it("counts the opening among the messages", async () => {
    assert.equal(await placesOf("suauaua", Infinity, 3), "0 5 6");
    assert.equal(await placesOf("sssua", Infinity, 2), "0 1");
    assert.equal(await placesOf("sssua", Infinity, 0), "");
  });

  it("shortens a last round that is too long, keeping its question", async () => {
    assert.equal(await placesOf("uauatatata", Infinity, 4), "2 7 8 9");
    assert.equal(await placesOf("uatatata", Infinity, 3), "0 7", "a tool's result needs the call before it");
    assert.equal(await placesOf("uatatata", Infinity, 1), "0");
  });

  it("leaves out the result of a tool whose call is not kept before it", async () => {
    assert.equal(
      await placesOf("uast", Infinity, 3),
      "0 2",
      "a system message before the result calls nothing",
    );
    assert.equal(await placesOf("uast", Infinity, 4), "0 1 2 3");
    assert.equal(await placesOf("uautsa", 1), "2 4 5", "the user said more before the result was there");
    assert.equal(await placesOf("uautsa", 2), "0 1 2 3 4 5");
    assert.equal(await placesOf("utat"), "0 2 3", "nobody has called it");
  });

  it("takes a result for that of the call it names", async () => {
    const named = { 1: { toolCalls: [{ id: "1" }] }, 3: { toolCallId: "1" } };
    assert.equal(await placesIn("uaat", named, { maxMessages: 3 }), "0 2");
    assert.equal(await placesIn("uaat", named, { maxMessages: 4 }), "0 1 2 3");
    const otherwise = { 1: { toolCalls: [{ call_id: "1" }] }, 3: { toolCallId: "1" } };
    assert.equal(await placesIn("uaat", otherwise, { maxMessages: 3 }), "0 2");
    const unread = { 3: { toolCalls: [{ id: "2" }] }, 4: { toolCallId: "1" }, 5: { toolCallId: "2" } };
    assert.equal(await placesIn("uauattaa", unread, { maxRounds: 1 }), "2 3 5 6 7");
    const unnamed = { 1: { toolCalls: ["weather()"] }, 2: { toolCallId: "1" } };
    assert.equal(await placesIn("uat", unnamed, {}), "0 1 2");
    for (const toolCalls of [null, {}, "weather()", [null, 7]])
      assert.equal(await placesIn("uat", { 1: { toolCalls }, 2: { toolCallId: "1" } }, {}), "0 1 2");
  });

  it("reads no more of a long session than it needs", async () => {
    const session = readerOf(messagesOf("s" + "ua".repeat(50_000)));
    const history = await recentHistory(session, { maxRounds: 3, maxMessages: Infinity });
    assert.equal(history.length, 7);
    assert.ok(session.read() <= 16, `${session.read()} messages read`);
  });

  it("keeps its promises for any session and any bounds", async () => {
    const letters = fc
      .array(fc.constantFrom("s", "u", "a", "t"), { maxLength: 300 })
      .map((all) => all.join(""));
    const bound = fc.oneof(fc.nat(12), fc.constant(Infinity));
    await fc.assert(
      fc.asyncProperty(letters, bound, bound, async (session, maxRounds, maxMessages) => {
        const all = messagesOf(session);
        const opening = /^s*/.exec(session)?.[0].length ?? 0;
        const history = await recentHistory(readerOf(all), { maxRounds, maxMessages });
        assert.ok(history.length <= maxMessages);
        const body = history.slice(Math.min(opening, maxMessages));
        assert.deepEqual(history.slice(0, opening), all.slice(0, Math.min(opening, maxMessages)));
        assert.ok(body.filter(({ role }) => role === "user").length <= maxRounds);
        if (body.length > 0) {
          assert.equal(body[0]?.role, "user");
          const places = body.map(({ at }) => at);
          assert.deepEqual(
            places,
            places.toSorted((a, b) => a - b),
          );
          const calledAt = body.find(({ role }) => role === "assistant")?.at ?? Infinity;
          for (const { role, at } of body)
            if (role === "tool") assert.ok(at > calledAt, `${at} of ${session}`);
          const [question, ...rest] = places as [number, ...number[]];
          const room = maxMessages - opening;
          const cut = session.length - question <= room ? question + 1 : session.length - room + 1;
          const due = all.filter(({ role, at }) => at >= cut && (role !== "tool" || at > calledAt));
          assert.deepEqual(
            rest,
            due.map(({ at }) => at),
          );
        } else if (maxMessages > opening && maxRounds > 0) assert.ok(!session.slice(opening).includes("u"));
      }),
      { numRuns: 500 },
    );
  });
});
