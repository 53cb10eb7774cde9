import { isRedisPrefix, REDIS_ADDRESS, REDIS_URL, type AddressForm } from "../../core/server-address.js";
import type { BackendSetup } from "../backend.js";

/** Where the server is and who we are to it, checked. */
export interface RedisOptions {
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly db: number | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** How long a connection may leave a command unanswered before it is made anew. */
  readonly socketTimeoutMs: number;
  /** Addresses `host:port` or URLs of some nodes of a cluster; undefined: a single server. */
  readonly cluster: readonly string[] | undefined;
  /** What all keys begin with. */
  readonly prefix: string;
  /** Most writes and checks in one batch. */
  readonly maxBatch: number;
  /** Handed to the driver as they are, over what the others say. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The options a setup may hold; all may be left out. */
export interface RedisOptionsInput extends Partial<Omit<RedisOptions, "cluster">> {
  /** `true`: the server that `url` or `host` and `port` name is a node of a cluster. */
  readonly cluster?: boolean | readonly string[] | undefined;
}

export const DEFAULT_PREFIX = "holdfast:";
export const DEFAULT_MAX_BATCH = 5000;
export const DEFAULT_SOCKET_TIMEOUT_MS = 5000;

/** @throws TypeError when the options contradict one another; never with what they hold, which may be a secret. */
export function redisOptions({ options }: Pick<BackendSetup, "options">): RedisOptions {
  const given = options as RedisOptionsInput;
  if (given.url !== undefined && (given.host !== undefined || given.port !== undefined)) {
    throw new TypeError("give the redis backend either url, or host and port");
  }
  const prefix = given.prefix ?? DEFAULT_PREFIX;
  if (!isRedisPrefix(prefix)) {
    throw new TypeError("prefix of the redis backend must be text without braces, and not empty");
  }
  const cluster = clusterNodes(given);
  refuseMalformed(REDIS_URL, given.url);
  for (const address of cluster ?? []) refuseMalformed(REDIS_ADDRESS, address);
  refuseMixedTls(given);
  return Object.freeze({
    url: given.url,
    host: given.host,
    port: given.port,
    db: given.db,
    username: given.username,
    password: given.password,
    socketTimeoutMs: given.socketTimeoutMs ?? DEFAULT_SOCKET_TIMEOUT_MS,
    cluster,
    prefix,
    maxBatch: given.maxBatch ?? DEFAULT_MAX_BATCH,
    options: given.options ?? {},
  });
}

function clusterNodes({ cluster, url, host, port, db }: RedisOptionsInput): readonly string[] | undefined {
  if (cluster === undefined || cluster === false) return undefined;
  if (db !== undefined && db !== 0) throw new TypeError("a redis cluster has no databases; leave db out");
  if (cluster !== true) return cluster;
  return [url ?? `${host ?? "127.0.0.1"}:${port ?? 6379}`];
}

/** The driver wants both to say the same, and says so with the address. */
function refuseMixedTls({ url, options }: RedisOptionsInput): void {
  const socket = options?.["socket"] as { readonly tls?: unknown } | undefined;
  if (url === undefined || socket?.tls === undefined) return;
  if (url.startsWith("rediss:") !== (socket.tls === true))
    throw new TypeError(
      "redis.url decides about TLS: write rediss:// in it, and leave socket.tls out of redis.options",
    );
}

/** Says nothing of the address itself: the driver's own error would bring its password along. */
function refuseMalformed(form: AddressForm, address: string | undefined): void {
  if (address === undefined || form.accepts(address)) return;
  throw new TypeError(`an address of the redis backend is malformed; write ${form.example}`);
}
