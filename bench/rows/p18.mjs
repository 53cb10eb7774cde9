import { repeatFor } from "../harness/workload.mjs";

const ours = ["holdfast memory", "holdfast file", "holdfast sqlite"];
const EARLY = { sessionId: "young", place: 10, length: 9 };
const LATE = { sessionId: "old", place: 10_000, length: 9_999 };
const ADDED = 50;
const ROUND_MS = 300;
const FILL_BATCH = 1_000;
const ROUNDS_SHOWN = 4;

const messageOf = (n) => ({
  role: n % 2 === 0 ? "user" : "assistant",
  content: `Message ${n}: what a user asks or an assistant answers, about as long as two lines of a terminal are.`,
});

/** Brings a session to its length, from more or from fewer. */
async function bringTo(chat, { sessionId, length }) {
  await chat.keepFirst(sessionId, length);
  for (let at = await chat.length(sessionId); at < length; at += FILL_BATCH) {
    const count = Math.min(FILL_BATCH, length - at);
    await chat.addAll(
      sessionId,
      Array.from({ length: count }, (_, i) => messageOf(at + i)),
    );
  }
}

const adding = (session) => figureOf("message", session);
const reading = (session) => figureOf("history", session);
const figureOf = (what, { place }) => `${what}, at ${place.toLocaleString("en")}`;

/** Messages from this place on, again and again from the same one. */
const addingTo = (session) => ({
  name: adding(session),
  async run(_handle, chat) {
    let spentMs = 0;
    const cycles = await repeatFor(ROUND_MS, async () => {
      await bringTo(chat, session);
      const start = performance.now();
      for (let i = 0; i < ADDED; i++) await chat.addUser(session.sessionId, messageOf(i).content);
      spentMs += performance.now() - start;
    });
    return { [adding(session)]: (spentMs * 1000) / (cycles * ADDED) };
  },
});

const readingFrom = (session) => ({
  name: reading(session),
  async run(_handle, chat) {
    await bringTo(chat, session);
    return repeatFor(ROUND_MS, async () => {
      const history = await chat.history(session.sessionId, ROUNDS_SHOWN);
      if (history.length === 0) throw new Error("the history is empty");
    });
  },
});

const flat = (subject, figure) => ({
  figure: figure(LATE),
  ours: subject,
  peer: subject,
  peerFigure: figure(EARLY),
  atMost: 1.5,
});

export const row = {
  id: "P18",
  title: "chat memory at message 10 and at message 10,000",
  benches: [
    {
      title: `adding ${ADDED} messages one after the other, and building a history of ${ROUNDS_SHOWN} rounds`,
      ours: ours[1],
      unit: "µs",
      subjects: ours,
      async prepare(handle) {
        const chat = await handle.chat();
        await bringTo(chat, LATE);
        return chat;
      },
      measures: [addingTo(EARLY), addingTo(LATE), readingFrom(EARLY), readingFrom(LATE)],
    },
  ],
  goals: ours.flatMap((subject) => [flat(subject, adding), flat(subject, reading)]),
};
