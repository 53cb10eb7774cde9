import type { Command } from "commander";
import type { CacheStats, Storage, StoreInfo, Context } from "../../index.js";
import type { ChosenSettings } from "../chosen-settings.js";
import type { CommandGroup, StoreRun } from "../command-runner.js";
import { durationText } from "../duration-text.js";
import { roundSizeText } from "../size-text.js";
import { worksOnWholeStore } from "../whole-store.js";

const PAGE_KEYS = 1000;
/** Files named one by one: a store can have one for each key. */
const MOST_FILES = 10;

interface StatsOptions {
  readonly read?: string;
}

/** What a store is and does: info, stats. */
export const insightCommands: CommandGroup = (program, runner) => {
  worksOnWholeStore(program.command("info"), "for one namespace: count --namespace NAME")
    .description("show what the store is and holds, and its configuration with secrets masked")
    .action((_options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, store, out, chosen }) => {
        const info = asConfigured(await store.info(ctx), chosen);
        await (out.isJson ? out.answer("", info) : out.table(infoRows(info)));
      }),
    );
  program
    .command("stats")
    .description(
      "show the statistics of the cache; of this command's own, which is empty unless --read fills it",
    )
    .option("--read <pattern>", "read these keys through the cache first, twice: tells whether they fit")
    .action((options: StatsOptions, command: Command) =>
      runner.onStore(command, "read", (run) => showStats(run, options)),
    );
};

/** As a host sees it: that this command opens files for reading alone says nothing of the store. */
function asConfigured(info: StoreInfo, { resolved }: ChosenSettings): StoreInfo {
  const { configuration } = info;
  const opened = configuration["backendOptions"] as Readonly<Record<string, unknown>>;
  const { readOnly } = resolved.backendOptions;
  if (opened["readOnly"] === readOnly) return info;
  return { ...info, configuration: { ...configuration, backendOptions: { ...opened, readOnly } } };
}

function infoRows(info: StoreInfo): (readonly [string, unknown])[] {
  const { type, durability, size, values, lists, hashes, blobs, namespaces, fileBytes, files = [] } = info;
  const can = Object.entries(info.capabilities).flatMap(([name, has]) => (has ? [name] : []));
  return [
    ["type", type],
    ["keys", size],
    ["values", values],
    ["lists", lists],
    ["hashes", hashes],
    ["blobs", blobs],
    ["namespaces", namespaces],
    ["durability", durability],
    ...(fileBytes === undefined ? [] : [["size", roundSizeText(fileBytes)] as const]),
    ...files
      .slice(0, MOST_FILES)
      .map(({ path, bytes }) => ["file", `${path} (${roundSizeText(bytes)})`] as const),
    ...(files.length > MOST_FILES
      ? [["files", `${files.length - MOST_FILES} more, which --json lists`] as const]
      : []),
    ["can", can.join(", ")],
    ...Object.entries(info.limits).map(([name, limit]) => [name, limit] as const),
    ["configuration", info.configuration],
  ];
}

async function showStats({ ctx, store, storage, out }: StoreRun, { read }: StatsOptions): Promise<void> {
  if (read !== undefined) {
    await readAll(ctx, storage, read);
    await readAll(ctx, storage, read);
  }
  const stats = await store.getCacheStats(ctx);
  await (out.isJson ? out.answer("", stats) : out.table(statsRows(stats)));
}

/** Reads every plain value that matches, through the cache, a page at a time. */
async function readAll(ctx: Context, storage: Storage, pattern: string): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const options = { limit: PAGE_KEYS, ...(after !== undefined && { after }) };
    const keys: readonly string[] = await storage.keys(ctx, pattern, options);
    await storage.getBatch(ctx, keys);
    if (keys.length < PAGE_KEYS) return;
    after = keys.at(-1);
  }
}

function statsRows(stats: CacheStats): (readonly [string, unknown])[] {
  return [
    ["cache", stats.enabled ? "on" : "off"],
    ["entries", `${stats.size} of at most ${stats.maxSize}`],
    ["memory", `${roundSizeText(stats.bytes)}, estimated`],
    ["hits", stats.hits],
    ["misses", stats.misses],
    ["hit rate", `${(stats.hitRate * 100).toFixed(1)} %`],
    ["loads", stats.loads],
    ["shared loads", stats.coalesced],
    ["evictions", stats.evictions],
    ["expirations", stats.expirations],
    ["invalidations", stats.invalidations],
    ["behind others", stats.maxStalenessMs === 0 ? "never" : `at most ${durationText(stats.maxStalenessMs)}`],
  ];
}
