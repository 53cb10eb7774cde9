import type { Storage } from "./storage.js";
import { token } from "./token.js";

/** The storage of the plugin that resolves it: the namespace named after its id, which no other plugin sees. */
export const STORAGE = token<Storage>("STORAGE");

/** The root store itself, for plugins that look after all namespaces. */
export const ROOT_STORAGE = token<Storage>("ROOT_STORAGE");
