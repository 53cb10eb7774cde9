import type { Context } from "holdfast";
import type { Catalog, Tally } from "./catalog/catalog.js";
import type { Terminal } from "./terminal.js";

const SHOWN = 5;

/** Asks the catalog what one would want to know of a folder of packages, and prints the answers. */
export async function answerQuestions(ctx: Context, catalog: Catalog, terminal: Terminal): Promise<void> {
  terminal.heading("What is there?");
  terminal.table(["kind", "count"], await countKinds(ctx, catalog));

  const licenses = await catalog.licenses(ctx);
  terminal.heading("Which licence is used most?");
  terminal.line(most(licenses, "package", "packages"));
  terminal.table(["licence", "packages"], rows(licenses));

  const dependent = await catalog.mostDependent(ctx, SHOWN);
  terminal.heading("Which package has the most dependencies, and how many does it bring along in all?");
  terminal.line(most(dependent, "dependency", "dependencies"));
  const brought = dependent.map(
    async ({ name, count }) => [name, count, await catalog.bringsAlong(ctx, name)] as const,
  );
  terminal.table(["package", "dependencies", "in all"], await Promise.all(brought));

  const several = await catalog.severalVersions(ctx);
  terminal.heading("Which packages are there in more than one version?");
  terminal.line(listed(several.map(({ name, count }) => `${name} (${count})`)));

  const maintainers = await catalog.maintainers(ctx);
  terminal.heading("Who looks after the most packages?");
  terminal.line(most(maintainers, "package", "packages"));

  const scoped = await catalog.matching(ctx, "@*/*");
  terminal.heading("Which packages belong to an organisation?");
  terminal.line(listed(scoped.map(({ name }) => name)));
}

async function countKinds(ctx: Context, catalog: Catalog): Promise<readonly (readonly [string, number])[]> {
  return [
    ["packages", await catalog.count(ctx, "package")],
    ["other JSON files", await catalog.count(ctx, "document")],
    ["licence texts", await catalog.count(ctx, "licence-text")],
  ];
}

function rows(tallies: readonly Tally[]): readonly (readonly [string, number])[] {
  return tallies.slice(0, SHOWN).map(({ name, count }) => [name, count]);
}

function most([first]: readonly Tally[], one: string, many: string): string {
  if (first === undefined) return "None: there are no packages";
  return `${first.name}, with ${first.count} ${first.count === 1 ? one : many}`;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "None";
  const different = [...new Set(names)];
  const more = different.length - SHOWN;
  return different.slice(0, SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
