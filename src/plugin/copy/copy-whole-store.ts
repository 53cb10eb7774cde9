import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { compareKeys, userKey } from "../../core/key.js";
import { settleWithin } from "../../core/settle-within.js";
import { listLiveNamespaces } from "../live-namespaces.js";
import { slotOfStore, type StackSlot } from "../stack-slot.js";
import type { Storage } from "../storage.js";
import { compareNamespace } from "./compare-namespace.js";
import { ContentDigest } from "./content-digest.js";
import { NamespaceCopy } from "./copy-namespace.js";
import { planCopy, type CopyOptions, type CopyResult } from "./copy-options.js";
import { CopyReport } from "./copy-report.js";
import { headsOf, type CopyRun } from "./copy-run.js";
import { CopySide } from "./copy-side.js";

/** The body of `copyStorage`. */
export async function copyWholeStore(
  ctx: Context,
  from: Storage,
  to: Storage,
  options: CopyOptions,
): Promise<CopyResult> {
  const source = new CopySide(wholeStore(from, "source"), "read");
  const target = new CopySide(wholeStore(to, "target"), "write");
  if (source.slot === target.slot) throw new TypeError("a store cannot be copied to itself");
  const plan = await source.call(undefined, async () => planCopy(options));
  const report = await target.call(undefined, async ({ runtime, services }) => {
    const over = ctx.err();
    if (over !== undefined) throw over;
    // What an interrupted copy had on its way must have arrived before anybody looks what is there.
    await settleWithin(ctx, services.pump.drained());
    return new CopyReport(runtime.clock, plan.onProgress);
  });
  return carryOut({ ctx, plan, source, target, report });
}

function wholeStore(storage: Storage, role: string): StackSlot {
  const slot = slotOfStore(storage);
  if (slot !== undefined) return slot;
  throw new TypeError(
    `the ${role} of a copy must be a whole store, as openStorage gives it, not a namespace of one`,
  );
}

async function carryOut(run: CopyRun): Promise<CopyResult> {
  const { plan, report } = run;
  const names = await namesOf(run, run.source);
  if (!plan.resume) for (const name of names) await requireNone(run, name);
  for (const name of names) await new NamespaceCopy(run, name).carryOut();
  const compared = plan.verify ? await compareAll(run, names) : undefined;
  const looked = new Set(compared?.names ?? names);
  const untouched = (await namesOf(run, run.target)).filter((name) => !looked.has(name));
  await report.finish();
  const { copied, skipped, deleted, expired, bytes } = report;
  const counts = { namespaces: looked.size, copied, skipped, deleted, expired, bytes, untouched };
  return compared === undefined ? counts : { ...counts, digest: compared.digest };
}

function namesOf({ ctx }: CopyRun, side: CopySide): Promise<string[]> {
  return side.call(undefined, (stack) => listLiveNamespaces(stack, ctx));
}

/** @throws StorageError `not-empty` when the target holds one of the keys that are to be copied. */
async function requireNone(run: CopyRun, namespace: string): Promise<void> {
  const { range, matches } = headsOf(run, namespace);
  await run.target.call(namespace, async ({ backend }) => {
    for await (const { entries } of backend.scan(run.ctx, namespace, range, { want: "keys" })) {
      const held = entries.find(({ key }) => matches(key));
      if (held !== undefined) throw notEmpty(held.key);
    }
  });
}

function notEmpty(key: string): StorageFault {
  const message =
    "the target holds it already; copy to an empty store, or give resume: true to replace what differs";
  return new StorageFault("not-empty", message, { key: userKey(key) });
}

/** Compares the namespaces that were copied, and those that the source has got since. */
async function compareAll(run: CopyRun, copied: readonly string[]) {
  const names = [...new Set([...copied, ...(await namesOf(run, run.source))])].sort(compareKeys);
  const digest = new ContentDigest();
  for (const name of names) await compareNamespace(run, name, digest);
  return { names, digest: digest.finish() };
}
