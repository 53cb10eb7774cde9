// The only module that knows the container. reflect-metadata must come before tsyringe, which refuses to load without.
// oxlint-disable-next-line import/no-unassigned-import -- it works by being loaded
import "reflect-metadata";
import { container, instanceCachingFactory, type DependencyContainer } from "tsyringe";
import { quoteName } from "../core/errors.js";
import type { Constructable } from "./plugin.js";
import { messageOf, PluginError } from "./plugin-error.js";
import { tokenName, type InjectionToken } from "./token.js";

export { token, tokenName, type InjectionToken } from "./token.js";
/**
 * Marks a class whose constructor the container may call, each parameter of it with `@inject(TOKEN)`. Parameters
 * without it are never filled in: types leave no trace at run time under tsx and esbuild.
 */
export { inject, injectable } from "tsyringe";

interface ContainerScope {
  readonly container: DependencyContainer;
  readonly visible: ReadonlySet<InjectionToken<unknown>>;
}

/**
 * What the plugins of one host share. Each plugin has a container of its own that holds the tokens it may see, so an
 * undeclared dependency fails always, not only when the order of starting happens to be unlucky.
 *
 * It only hands out; starting and stopping is the registry's, since a container's own disposal knows no order.
 */
export class HostContainer {
  readonly #host = container.createChildContainer();
  readonly #scopes = new Map<string, ContainerScope>();

  addPlugin(id: string, visible: ReadonlySet<InjectionToken<unknown>>): void {
    this.#scopes.set(id, { container: container.createChildContainer(), visible });
  }

  /** Makes a token stand for one value, for the host and for every plugin that may see it. */
  provide<T>(token: InjectionToken<T>, value: T): void {
    // Not `useValue`, with which the container takes undefined and null for nothing at all.
    const provider = { useFactory: () => value };
    this.#host.register<T>(token, provider);
    for (const scope of this.#scopes.values()) {
      if (scope.visible.has(token)) scope.container.register<T>(token, provider);
    }
  }

  /** Makes a token stand for a value of its own in every plugin that may see it. */
  provideEach<T>(token: InjectionToken<T>, valueFor: (pluginId: string) => T): void {
    for (const [id, scope] of this.#scopes) {
      if (!scope.visible.has(token)) continue;
      scope.container.register<T>(token, { useFactory: instanceCachingFactory(() => valueFor(id)) });
    }
  }

  /** @param pluginId whose view counts; the host's own when absent. */
  resolve<T>(wanted: InjectionToken<T> | Constructable<T>, pluginId?: string): T {
    const scope = pluginId === undefined ? this.#host : this.#scopes.get(pluginId)?.container;
    if (scope === undefined || (typeof wanted === "symbol" && !scope.isRegistered(wanted))) {
      throw unresolved(nameOf(wanted), pluginId);
    }
    try {
      return scope.resolve<T>(wanted as InjectionToken<T>);
    } catch (cause) {
      throw unresolved(nameOf(wanted), pluginId, cause);
    }
  }
}

function nameOf(wanted: InjectionToken<unknown> | Constructable<unknown>): string {
  return typeof wanted === "symbol" ? tokenName(wanted) : wanted.name;
}

function unresolved(wanted: string, pluginId: string | undefined, cause?: unknown): PluginError {
  const asker = pluginId === undefined ? "the host" : `plugin ${quoteName(pluginId)}`;
  const details = {
    ...(pluginId !== undefined && { plugin: pluginId }),
    ...(cause !== undefined && { cause }),
  };
  if (cause === undefined) {
    const advice = pluginId === undefined ? "start the plugin that provides it" : "name it in requires";
    return new PluginError(
      "missing",
      `${asker} asked for ${wanted}, which it cannot see; ${advice}`,
      details,
    );
  }
  const reason = messageOf(cause);
  // Said of a class without the decorators, and of a parameter without its own.
  const advice = reason.includes("TypeInfo not known")
    ? "; mark the class with @injectable() and each parameter of its constructor with @inject(TOKEN)"
    : "";
  return new PluginError("missing", `${asker} could not construct ${wanted}: ${reason}${advice}`, details);
}
