import type { StoreInfo, StoreVerification } from "../../index.js";
import { useStore, type CommandRun, type StoreRun } from "../command-runner.js";
import type { ChosenSettings } from "../chosen-settings.js";
import { verificationLines } from "../commands/verify-command.js";
import { failureReport } from "../failure-report.js";
import { plural } from "../plural.js";
import { roundSizeText } from "../size-text.js";
import { checkFiles } from "./check-permissions.js";
import { ok, problem, warning, type Finding } from "./finding.js";

const HELD: Readonly<Record<StoreInfo["durability"], string>> = {
  power: "an acknowledged write survives a power cut",
  process: "an acknowledged write survives the end of the process, not a power cut",
  none: "an acknowledged write may be lost with the process",
};

/** Opens the store and looks at it; that it cannot be opened is a finding, too. */
export async function* checkStore(run: CommandRun, chosen: ChosenSettings): AsyncGenerator<Finding> {
  const startedAt = performance.now();
  try {
    yield* await useStore(run, chosen, "either", (opened) => examine(opened, performance.now() - startedAt));
  } catch (error) {
    if (run.io.interrupt.aborted) throw error;
    for (const line of failureReport(error).lines) yield problem("store", line);
  }
}

async function examine(run: StoreRun, openingMs: number): Promise<readonly Finding[]> {
  const { ctx, store, heldBy } = run;
  const info = await store.info(ctx);
  const size = info.fileBytes === undefined ? "" : `, ${roundSizeText(info.fileBytes)}`;
  const content = `${plural(info.size, "key")} in ${plural(info.namespaces, "namespace")}${size}`;
  return [
    opening(run, openingMs),
    ok("content", content),
    durability(info),
    ...(await checkFiles(info)),
    ...(heldBy === undefined ? verification(await store.verify(ctx)) : [UNVERIFIED]),
  ];
}

function opening({ heldBy, isReadOnly }: StoreRun, openingMs: number): Finding {
  if (heldBy !== undefined) {
    return warning("store", `only read: ${heldBy}`, "stop that process first to have all of it looked at");
  }
  if (!isReadOnly) return ok("store", `opened in ${Math.round(openingMs)} ms`);
  return warning(
    "store",
    "this user can read it, and not write to it",
    "look at the owner and mode of its folder",
  );
}

const UNVERIFIED = warning(
  "verify",
  "left out: the files may be replaced while they are read",
  "run holdfast verify when that process has ended",
);

function durability({ durability: held, type }: StoreInfo): Finding {
  const message = `${held}: ${HELD[held]}`;
  if (held !== "none") return ok("durability", message);
  const advice = type === "memory" ? "choose another backend to keep data" : "see the option durability";
  return warning("durability", message, advice);
}

function verification(result: StoreVerification): readonly Finding[] {
  const lines = verificationLines(result);
  const summary = lines.at(-1) ?? "";
  if (result.ok) return [ok("verify", summary)];
  const advice =
    "restore a backup, or save what is whole with holdfast verify --repair; docs/errors.md says more of each reason";
  return [...lines.slice(0, -1).map((line) => problem("verify", line)), problem("verify", summary, advice)];
}
