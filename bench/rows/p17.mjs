import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { valueOf } from "../harness/records.mjs";

const ours = ["holdfast memory", "holdfast file", "holdfast sqlite"];
const LENGTHS = [100, 10_000, 1_000_000];
/** An array of more, written as one value for each push, would take longer than anybody waits. */
const MOST_IN_ONE_VALUE = 10_000;
const FILL_BATCH = 10_000;
const ROUND_MS = 300;
/** How much longer than its name says a list gets, in between; and an array, which is slow. */
const [LIST_CYCLE, ARRAY_CYCLE] = [50, 5];

const label = (length) => length.toLocaleString("en");

const itemsFrom = (start, count) => Array.from({ length: count }, (_, i) => valueOf(start + i));

/** What is done where there are no lists: an array under one key, read and written whole. */
const arrayUnder = (handle, key) => ({
  cycle: ARRAY_CYCLE,
  async push(item) {
    await handle.set(key, [...(await handle.get(key)), item]);
  },
  async popFirst() {
    const [first, ...others] = await handle.get(key);
    await handle.set(key, others);
    return first;
  },
  async at(index) {
    return (await handle.get(key))[index];
  },
});

async function filled(handle, length) {
  if (handle.list === undefined) return filledArray(handle, length);
  const list = handle.list(label(length));
  for (let start = 0; start < length; start += FILL_BATCH)
    await list.pushAll(itemsFrom(start, Math.min(FILL_BATCH, length - start)));
  return { cycle: LIST_CYCLE, ...list };
}

async function filledArray(handle, length) {
  if (length > MOST_IN_ONE_VALUE) return undefined;
  await handle.set(label(length), itemsFrom(0, length));
  return arrayUnder(handle, label(length));
}

/** A store for each length, so that a short list is not one key among a million. */
async function open(subject, options) {
  const stores = [];
  for (const length of LENGTHS) {
    const folder = join(options.folder, String(length));
    mkdirSync(folder);
    stores.push(await subject.open({ ...options, folder }));
  }
  const lists = new Map();
  for (const [i, length] of LENGTHS.entries()) lists.set(length, await filled(stores[i], length));
  return {
    lists,
    close: async () => {
      for (const store of stores) await store.close?.();
    },
  };
}

async function timed(count, operation) {
  const start = performance.now();
  for (let i = 0; i < count; i++) await operation(i);
  return performance.now() - start;
}

/** Pushes, reads in the middle and takes from the front, so that the list is as long afterwards as before. */
async function cycle(list, length) {
  const items = itemsFrom(0, list.cycle);
  const middle = Math.floor(length / 2);
  return {
    rpush: await timed(list.cycle, (i) => list.push(items[i])),
    lindex: await timed(list.cycle, (i) => list.at(middle + i)),
    lpop: await timed(list.cycle, () => list.popFirst()),
  };
}

const figureOf = (operation, length) => `${operation} at ${label(length)}`;

const measureAt = (length) => ({
  name: `at ${label(length)}`,
  async run({ lists }) {
    const list = lists.get(length);
    if (list === undefined) return {};
    const spent = { rpush: 0, lindex: 0, lpop: 0 };
    const end = performance.now() + ROUND_MS;
    let cycles = 0;
    do {
      for (const [operation, ms] of Object.entries(await cycle(list, length))) spent[operation] += ms;
      cycles += 1;
    } while (performance.now() < end);
    const perOperation = ([operation, ms]) => [
      figureOf(operation, length),
      (ms * 1000) / (cycles * list.cycle),
    ];
    return Object.fromEntries(Object.entries(spent).map(perOperation));
  },
});

export const row = {
  id: "P17",
  title: "a list of a hundred items and one of a million",
  benches: [
    {
      title: "one operation after the other on a list of 200-byte items, by its length",
      ours: ours[1],
      unit: "µs",
      warmUps: 1,
      subjects: [...ours, "unstorage memory", "whole-file JSON", "sqlite FULL"],
      open,
      measures: LENGTHS.map(measureAt),
    },
  ],
  goals: ours.flatMap((subject) =>
    ["rpush", "lpop", "lindex"].map((operation) => ({
      figure: figureOf(operation, LENGTHS.at(-1)),
      ours: subject,
      peer: subject,
      peerFigure: figureOf(operation, LENGTHS[0]),
      atMost: 2,
    })),
  ),
};
