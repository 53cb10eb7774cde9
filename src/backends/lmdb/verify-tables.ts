import { StorageFault, type CorruptionReason } from "../../core/errors.js";
import type { VerifyProblem, VerifyReport } from "../backend.js";
import type { Breather } from "../files/breather.js";
import { ordinalOf, readGroup } from "./noted-changes.js";
import { deadlineKey } from "./noted-deadlines.js";
import { openEntry } from "./entry-record.js";
import { lmdbFault } from "./lmdb-errors.js";
import { splitPlace } from "./lmdb-key.js";
import type { LmdbView, Tables } from "./lmdb-view.js";
import { openState, type SpaceState } from "./space-state.js";

const ALL = { start: "", end: Buffer.from([0xff]) };

interface Row {
  readonly key: string;
  readonly value: Buffer;
}

/** Reads every row of a store, and checks it. */
export async function verifyTables(view: LmdbView, breather: Breather): Promise<VerifyReport> {
  const problems: VerifyProblem[] = [];
  const states = new Map<string, SpaceState>();
  let entries = 0;
  const walk = (table: keyof Tables, look: (row: Row) => VerifyProblem | undefined) =>
    walkTable(view, table, breather, problems, look);
  await walk("spaces", (row) => verifySpace(row, states));
  await walk("entries", (row) => {
    entries += 1;
    return verifyEntry(view, row, states);
  });
  await walk("changes", (row) => verifyChanges(row, states));
  return { entries, problems };
}

/** A page of the file may be damaged so that LMDB cannot go on: then the rest of the table is lost to it. */
async function walkTable(
  view: LmdbView,
  table: keyof Tables,
  breather: Breather,
  problems: VerifyProblem[],
  look: (row: Row) => VerifyProblem | undefined,
): Promise<void> {
  try {
    for (const row of view.rows(table, ALL)) {
      const problem = look(row);
      if (problem !== undefined) problems.push(problem);
      if (breather.isDue) await breather.breathe();
    }
  } catch (error) {
    const { message } = lmdbFault(error, `reading the table ${table}`);
    problems.push({ reason: "checksum", message });
  }
}

function verifySpace({ key, value }: Row, states: Map<string, SpaceState>): VerifyProblem | undefined {
  const { namespace } = splitPlace(key);
  return problemOf({ namespace }, () => {
    states.set(namespace, openState(key, value));
    return undefined;
  });
}

function verifyEntry(
  view: LmdbView,
  row: Row,
  states: ReadonlyMap<string, SpaceState>,
): VerifyProblem | undefined {
  const place = splitPlace(row.key);
  return problemOf(place, () => {
    const { expiresAt } = openEntry(place.namespace, place.key, row.value);
    if (!states.has(place.namespace))
      return orphan(place, "an entry stands in a namespace that was never written");
    if (expiresAt === undefined || view.bytes("deadlines", deadlineKey(expiresAt, row.key)) !== undefined)
      return undefined;
    return orphan(place, "the deadline of an entry is not noted, so that it would never be removed");
  });
}

function verifyChanges(
  { key, value }: Row,
  states: ReadonlyMap<string, SpaceState>,
): VerifyProblem | undefined {
  const { namespace } = splitPlace(key);
  if (readGroup(key, value) === undefined) {
    return { reason: "checksum", message: "a record of the change log is damaged", namespace };
  }
  const { position } = states.get(namespace) ?? { position: { ordinal: 0 } };
  if (ordinalOf(namespace, key) <= position.ordinal) return undefined;
  return orphan({ namespace }, "the change log goes on behind the position of its namespace");
}

type Place = Pick<VerifyProblem, "namespace" | "key">;

function problemOf(place: Place, look: () => VerifyProblem | undefined): VerifyProblem | undefined {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    return { ...place, reason: error.reason as CorruptionReason, message: error.message };
  }
}

function orphan(place: Place, message: string): VerifyProblem {
  return { ...place, reason: "orphan", message };
}
