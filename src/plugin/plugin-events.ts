import type { PluginState } from "./plugin-state.js";

/** What listeners are told, by the name of the event. */
export interface PluginEventMap {
  /** A plugin has passed from one state to another. */
  readonly state: { readonly plugin: string; readonly from: PluginState; readonly to: PluginState };
  /** A phase of a plugin has failed; the call of the registry that ran it rejects with this error among its causes. */
  readonly error: { readonly plugin: string; readonly error: Error };
  /** A plugin reports something that is no call's error. */
  readonly warning: {
    readonly plugin: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

export type PluginEventName = keyof PluginEventMap;

/** Where plugins and hosts listen. */
export interface PluginEvents {
  /** Calls `listener` at every event of this name from now on, until the returned function is called. */
  on<N extends PluginEventName>(name: N, listener: (event: PluginEventMap[N]) => void): () => void;
}

/**
 * The sending side. Listeners are called at once, in the order they came; one that throws does not keep the others
 * or the sender from going on: what it threw is thrown again on its own, as an uncaught exception.
 */
export class PluginEventEmitter implements PluginEvents {
  readonly #listeners = new Map<PluginEventName, Set<(event: never) => void>>();

  on<N extends PluginEventName>(name: N, listener: (event: PluginEventMap[N]) => void): () => void {
    const registration = (event: PluginEventMap[N]) => listener(event);
    const ofName = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, ofName.add(registration));
    return () => {
      ofName.delete(registration);
    };
  }

  /** False when nobody listens. */
  emit<N extends PluginEventName>(name: N, event: PluginEventMap[N]): boolean {
    const listeners = [...(this.#listeners.get(name) ?? [])];
    for (const listener of listeners) {
      try {
        listener(event as never);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    return listeners.length > 0;
  }
}
