import type { Context } from "holdfast";
import { STORAGE, token, type Health, type Plugin, type PluginHost } from "holdfast/plugin";
import { Catalog } from "./catalog.js";

export const CATALOG = token<Catalog>("CATALOG");

/** Offers the catalog to the host and to other plugins. The container constructs it with the plugin's own storage. */
export class CatalogPlugin implements Plugin {
  readonly id = "catalog";
  readonly version = "1.0.0";
  readonly requires = [STORAGE];
  readonly provides = [CATALOG];
  #catalog: Catalog | undefined;

  async init(_ctx: Context, host: PluginHost): Promise<void> {
    this.#catalog = host.resolve(Catalog);
    host.provide(CATALOG, this.#catalog);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async health(ctx: Context): Promise<Health> {
    const packages = await this.#catalog?.count(ctx, "package");
    return { status: "up", details: { packages } };
  }
}
