import { quoteName } from "../core/errors.js";
import type { HostConfig } from "./config/host-config.js";
import type { HostContainer } from "./di.js";
import type { ConfigSection, Constructable, Plugin, PluginHost } from "./plugin.js";
import { PluginError } from "./plugin-error.js";
import type { PluginEventEmitter, PluginEvents } from "./plugin-events.js";
import { warnProcess, type WarningDetails } from "./process-warning.js";
import { tokenName, type InjectionToken } from "./token.js";

/** What one plugin sees of its host. */
export class PluginScope implements PluginHost {
  readonly config: ConfigSection;
  readonly events: PluginEvents;
  readonly #plugin: Plugin;
  readonly #container: HostContainer;
  readonly #emitter: PluginEventEmitter;
  readonly #missing: Set<InjectionToken<unknown>>;

  constructor(plugin: Plugin, config: HostConfig, container: HostContainer, emitter: PluginEventEmitter) {
    this.config = config.section(plugin.id);
    this.events = emitter;
    this.#plugin = plugin;
    this.#container = container;
    this.#emitter = emitter;
    this.#missing = new Set(plugin.provides);
  }

  resolve<T>(wanted: InjectionToken<T> | Constructable<T>): T {
    return this.#container.resolve(wanted, this.#plugin.id);
  }

  provide<T>(token: InjectionToken<T>, value: T): void {
    this.#tick(token);
    this.#container.provide(token, value);
  }

  provideEach<T>(token: InjectionToken<T>, valueFor: (pluginId: string) => T): void {
    this.#tick(token);
    this.#container.provideEach(token, valueFor);
  }

  warn(message: string, details?: WarningDetails): void {
    const event = { plugin: this.#plugin.id, message, ...(details !== undefined && { details }) };
    const heard = this.#emitter.emit("warning", event);
    if (!heard) warnProcess(`${this.#plugin.id}: ${message}`, details);
  }

  /** @throws PluginError when a token of `provides` was not handed over. */
  requireComplete(): void {
    const [token] = this.#missing;
    if (token !== undefined)
      throw this.#refuse("missing", `did not provide ${tokenName(token)} in init, as declared`);
  }

  #tick(token: InjectionToken<unknown>): void {
    if (this.#missing.delete(token)) return;
    const declared = this.#plugin.provides?.includes(token) === true;
    const flaw = declared ? "provides it a second time" : "does not name it in provides";
    throw this.#refuse("misuse", `cannot provide ${tokenName(token)}: it ${flaw}`);
  }

  #refuse(reason: "missing" | "misuse", flaw: string): PluginError {
    const { id } = this.#plugin;
    return new PluginError(reason, `plugin ${quoteName(id)} ${flaw}`, { plugin: id });
  }
}
