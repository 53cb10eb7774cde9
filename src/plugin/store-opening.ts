import type { Backend, BackendSetup } from "../backends/backend.js";
import type { BackendRegistry } from "../backends/registry.js";
import { background, type Context } from "../core/context.js";
import type { Runtime } from "../core/runtime.js";
import { settleWithin } from "../core/settle-within.js";
import { backendSetup } from "./backend-setup.js";
import type { ResolvedSettings } from "./settings.js";
import { buildStack, type Stack, type ValueForms } from "./stack.js";

export interface OpeningSetup {
  readonly settings: ResolvedSettings;
  readonly backends: BackendRegistry;
  readonly runtime: Runtime;
  readonly warn: BackendSetup["warn"];
  /** How values are stored. */
  readonly forms: ValueForms;
}

/** Opens and closes a store for callers who may give up meanwhile: what they began is brought to its end all the same. */
export class StoreOpening {
  #givenUp: Promise<void> = Promise.resolve();

  /** Resolves when nothing is left of what was given up. Rejects when the context is over before. */
  settled(ctx: Context): Promise<void> {
    return settleWithin(ctx, this.#givenUp);
  }

  /** Closes a backend. Rejects as that does, or with the context's fault as soon as that is over. */
  async close(ctx: Context, backend: Backend): Promise<void> {
    const closing = backend.close(ctx);
    this.#givenUp = closing.catch(() => undefined);
    await settleWithin(ctx, closing);
  }

  /**
   * Opens the backend that the settings name, and builds the stack over it. Rejects with the context's fault as soon as that
   * is over; a backend that takes no notice of it is closed once it has opened.
   */
  async open(
    ctx: Context,
    setup: OpeningSetup,
  ): Promise<{ readonly backend: Backend; readonly stack: Stack }> {
    const { settings, backends, runtime, warn, forms } = setup;
    await this.settled(ctx);
    const factory = await backends.load(settings.backend);
    const built: { stack?: Stack } = {};
    const expired: BackendSetup["expired"] = (...told) => built.stack?.deadItems.expired(...told);
    const unsaved: BackendSetup["unsaved"] = (error) => built.stack?.backend.writeHealth.unsaved(error);
    const backend = factory({ ...backendSetup(settings, runtime, warn), expired, unsaved });
    await this.#openWithin(ctx, backend);
    built.stack = buildStack(backend, settings, runtime, forms);
    return { backend, stack: built.stack };
  }

  async #openWithin(ctx: Context, backend: Backend): Promise<void> {
    const opening = backend.open(ctx);
    try {
      await settleWithin(ctx, opening);
    } catch (error) {
      this.#givenUp = opening.then(() => backend.close(background())).catch(() => undefined);
      throw error;
    }
  }
}
