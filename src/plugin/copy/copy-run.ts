import type { Context } from "../../core/context.js";
import { itemRange } from "../../core/incarnation.js";
import { KIND } from "../../core/key.js";
import { HEADS, prefixRange } from "../../core/range.js";
import type { CopyPlan } from "./copy-options.js";
import type { CopyReport } from "./copy-report.js";
import type { CopySide } from "./copy-side.js";
import type { EntryScope } from "./live-entries.js";

/** What all steps of one copy share. */
export interface CopyRun {
  readonly ctx: Context;
  readonly plan: CopyPlan;
  readonly source: CopySide;
  readonly target: CopySide;
  readonly report: CopyReport;
}

/** The clocks of two stores are compared through two calls, whose duration they cannot see; and servers round. */
const CLOCK_SLACK_MS = 1000;

/** Times left that differ by no more are taken for the same: the slowest calls so far, and a second. */
export function toleranceMs({ source, target }: CopyRun): number {
  return CLOCK_SLACK_MS + source.slowestMs + target.slowestMs;
}

/** The users' keys of a namespace that the copy is about. */
export function headsOf({ plan: { listing } }: CopyRun, namespace: string): EntryScope {
  return { namespace, range: listing.range, matches: (key) => listing.matches(key) };
}

/** The index entries of a namespace; undefined where only some of its keys are copied. */
export function indexOf({ plan: { listing } }: CopyRun, namespace: string): EntryScope | undefined {
  const isWhole = listing.pattern.matchesRange && listing.range.start === HEADS.start;
  if (!isWhole || listing.range.end !== undefined) return undefined;
  return { namespace, range: prefixRange(KIND.index), matches: () => true };
}

/** The items of a structure. */
export function itemsOf(namespace: string, incarnation: string): EntryScope {
  return { namespace, range: itemRange(incarnation), matches: () => true };
}
