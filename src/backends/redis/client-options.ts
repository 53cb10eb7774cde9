import { redisUrlOf } from "../../core/server-address.js";
import type { RedisOptions } from "./redis-options.js";

/** Between two attempts to connect again. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;

/** What a client of one server is made from. */
export function clientOptions(options: RedisOptions): Record<string, unknown> {
  const { url, host, port, db } = options;
  return {
    ...(url !== undefined && { url }),
    ...(db !== undefined && { database: db }),
    ...nodeOptions(options, { ...(host !== undefined && { host }), ...(port !== undefined && { port }) }),
  };
}

/** What a client of a cluster is made from. */
export function clusterOptions(options: RedisOptions): Record<string, unknown> {
  const rootNodes = (options.cluster ?? []).map((node) => ({ url: redisUrlOf(node) }));
  return {
    rootNodes,
    defaults: { ...nodeOptions(options, {}), ...sharedByNodes(options) },
    RESP: 3,
    // A node that is gone must not be asked sixteen times: the store waits and asks again by itself.
    maxCommandRedirections: 4,
  };
}

/** Every node of a cluster is reached as the first address says: encrypted or not, as its user unless one is named. */
function sharedByNodes(options: RedisOptions): Record<string, unknown> {
  const first = options.cluster?.[0];
  if (first === undefined) return {};
  const { username, password, protocol } = new URL(redisUrlOf(first));
  const isNamed = options.password !== undefined || options.username !== undefined;
  return {
    ...(!isNamed && username !== "" && { username: decodeURIComponent(username) }),
    ...(!isNamed && password !== "" && { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" && { socket: socketOptions(options, { tls: true }) }),
  };
}

function nodeOptions(options: RedisOptions, address: Record<string, unknown>): Record<string, unknown> {
  const { username, password } = options;
  const { socket: _socket, ...others } = options.options;
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    RESP: 3,
    // A command that cannot be sent now fails now: nothing is kept back and sent twice.
    disableOfflineQueue: true,
    // The driver's own deadline costs a signal per command; the store has deadlines of its own.
    commandOptions: { timeout: 0 },
    maintNotifications: "disabled",
    ...others,
    socket: socketOptions(options, address),
  };
}

function socketOptions(options: RedisOptions, address: Record<string, unknown>): Record<string, unknown> {
  const given = options.options["socket"] as Record<string, unknown> | undefined;
  return { connectTimeout: options.socketTimeoutMs, reconnectStrategy: pauseMs, ...address, ...given };
}

function pauseMs(retries: number): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(retries, 10), LONGEST_PAUSE_MS);
  return Math.round(pause * (0.5 + Math.random() / 2));
}
