import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { EVERYTHING } from "../../core/range.js";
import { holdsAny } from "../holds-any.js";
import type { Stack } from "../stack.js";
import type { VerifyTeller } from "../verify-progress.js";
import { NamespaceSalvage } from "./namespace-salvage.js";
import { RepairTally, type RepairReport } from "./repair-report.js";

/**
 * Writes into an empty store what of another one is undamaged. The damaged store is only read.
 *
 * @throws StorageFault `not-empty`, and whatever fails for other reasons than damage.
 */
export async function salvageStore(
  from: Stack,
  into: Stack,
  ctx: Context,
  teller: VerifyTeller,
): Promise<RepairReport> {
  await requireEmpty(into, ctx);
  const tally = new RepairTally();
  const names: string[] = [];
  for await (const page of from.backend.namespaces(ctx)) names.push(...page);
  for (const namespace of names) {
    await new NamespaceSalvage({ from, into, ctx, namespace, tally, teller }).carryOut();
  }
  const { report } = tally;
  await teller.finish({ phase: "salvaging", namespace: names.at(-1) ?? "", done: report.salvaged });
  return report;
}

async function requireEmpty({ backend }: Stack, ctx: Context): Promise<void> {
  for await (const names of backend.namespaces(ctx)) {
    for (const namespace of names) {
      if (!(await holdsAny(backend, ctx, namespace, EVERYTHING))) continue;
      const message = "the store that is to take what can be salvaged is not empty; give an empty one";
      throw new StorageFault("not-empty", message, { namespace });
    }
  }
}
