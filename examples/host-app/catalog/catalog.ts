import type { Context, Storage } from "holdfast";
import { inject, injectable, STORAGE } from "holdfast/plugin";
import type { PackageRecord } from "./manifest.js";

/** How often something occurs. */
export interface Tally {
  readonly name: string;
  readonly count: number;
}

interface LicenseRecord {
  readonly license: string;
  readonly package: string;
}

interface MaintainerRecord {
  readonly maintainer: string;
  readonly package: string;
}

/**
 * Packages, their licences and their maintainers, kept so that each question is a listing by prefix. `STORAGE` is a
 * namespace of the plugin's own, so its keys need no prefix of their own and clash with nobody's.
 */
@injectable()
export class Catalog {
  readonly storage: Storage;

  constructor(@inject(STORAGE) storage: Storage) {
    this.storage = storage;
  }

  /**
   * Files a package with its licence, its maintainers and its place among the versions of its name: all of it or,
   * whatever happens, nothing.
   */
  async addPackage(ctx: Context, found: PackageRecord): Promise<void> {
    await this.storage.transact(ctx, async (tx) => {
      const versions = await tx.getOr<readonly string[]>(`versions:${found.name}`, []);
      await tx.set(`versions:${found.name}`, [...new Set([...versions, found.version])].sort());
      await tx.set(`package:${found.id}`, found);
      await tx.set(`license:${found.license}:${found.id}`, { license: found.license, package: found.id });
      for (const maintainer of found.maintainers) {
        await tx.set(`maintainer:${maintainer}:${found.id}`, { maintainer, package: found.id });
      }
    });
  }

  async addLicenceText(ctx: Context, path: string, text: string): Promise<void> {
    const title = text.split("\n").find((line) => line.trim() !== "");
    await this.storage.set(ctx, `licence-text:${path}`, { title: title?.trim(), length: text.length, text });
  }

  async addDocument(ctx: Context, path: string, content: unknown): Promise<void> {
    await this.storage.set(ctx, `document:${path}`, content);
  }

  count(ctx: Context, kind: "package" | "licence-text" | "document"): Promise<number> {
    return this.storage.count(ctx, `${kind}:*`);
  }

  /** Packages whose name and version match a pattern, in order. */
  async matching(ctx: Context, pattern: string): Promise<readonly PackageRecord[]> {
    const found = await this.storage.find<PackageRecord>(ctx, `package:${pattern}`);
    return [...found.values()];
  }

  async licenses(ctx: Context): Promise<readonly Tally[]> {
    const records = this.storage.scan<LicenseRecord>(ctx, "license:*");
    return tally(records, ({ license }) => license);
  }

  async maintainers(ctx: Context): Promise<readonly Tally[]> {
    const records = this.storage.scan<MaintainerRecord>(ctx, "maintainer:*");
    return tally(records, ({ maintainer }) => maintainer);
  }

  /** The names that stand there in more than one version. */
  async severalVersions(ctx: Context): Promise<readonly Tally[]> {
    const names: Tally[] = [];
    for await (const { key, value } of this.storage.scan<readonly string[]>(ctx, "versions:*")) {
      if (value.length > 1) names.push({ name: key.slice("versions:".length), count: value.length });
    }
    return names.sort(byCount);
  }

  /** How many packages one brings along, those it requires through others included. */
  async bringsAlong(ctx: Context, id: string): Promise<number> {
    const reached = new Set([id]);
    for (const next of reached) {
      const { dependencies } = await this.storage.get<PackageRecord>(ctx, `package:${next}`);
      for (const name of dependencies) {
        const versions = await this.storage.getOr<readonly string[]>(ctx, `versions:${name}`, []);
        for (const version of versions) reached.add(`${name}@${version}`);
      }
    }
    return reached.size - 1;
  }

  /** The packages with the longest lists of dependencies. */
  async mostDependent(ctx: Context, limit: number): Promise<readonly Tally[]> {
    const packages = await this.matching(ctx, "*");
    const counted = packages.map(({ id, dependencies }) => ({ name: id, count: dependencies.length }));
    return counted.sort(byCount).slice(0, limit);
  }
}

async function tally<T>(
  entries: AsyncIterable<{ readonly value: T }>,
  nameOf: (value: T) => string,
): Promise<readonly Tally[]> {
  const counts = new Map<string, number>();
  for await (const { value } of entries) counts.set(nameOf(value), (counts.get(nameOf(value)) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).sort(byCount);
}

function byCount(a: Tally, b: Tally): number {
  return b.count - a.count || (a.name < b.name ? -1 : 1);
}
