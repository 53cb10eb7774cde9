/** Where a plugin stands in its life. */
export type PluginState =
  | "registered"
  | "initialising"
  | "initialised"
  | "starting"
  | "started"
  | "stopping"
  | "stopped"
  | "failed";

/** What can happen to a plugin. */
export type PluginTransition = "init" | "start" | "stop" | "succeed" | "fail";

/**
 * The life of a plugin: state → what can happen → next state. What is not in the table cannot happen. A failed
 * plugin is stopped too, so that it lets go of what it had got hold of; a stopped one may be initialised again.
 */
export const STATE_TABLE: Readonly<
  Record<PluginState, Readonly<Partial<Record<PluginTransition, PluginState>>>>
> = {
  registered: { init: "initialising" },
  initialising: { succeed: "initialised", fail: "failed" },
  initialised: { start: "starting", stop: "stopping" },
  starting: { succeed: "started", fail: "failed" },
  started: { stop: "stopping" },
  stopping: { succeed: "stopped", fail: "failed" },
  stopped: { init: "initialising" },
  failed: { stop: "stopping" },
};

/** The state after a transition; undefined when it cannot happen. */
export function nextState(state: PluginState, transition: PluginTransition): PluginState | undefined {
  return STATE_TABLE[state][transition];
}
