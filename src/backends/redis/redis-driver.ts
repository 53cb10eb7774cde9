import { driverFault } from "../../core/driver-fault.js";

/** What a command is made of. */
export type Argument = string | Buffer;

export interface CommandOptions {
  readonly typeMapping: Readonly<Record<number, unknown>>;
}

/** The part of a node-redis client that is used here. */
export interface RedisClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  /** Another client made from the same options. */
  duplicate(): RedisClient;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  sendCommand(args: readonly Argument[], options?: CommandOptions): Promise<unknown>;
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  unsubscribe(channel: string, listener: () => void): Promise<unknown>;
}

/** A node of a cluster that takes writes, as a cluster client knows it. */
export interface ClusterMaster {
  readonly address: string;
  /** There once it is connected to. */
  readonly client?: RedisClient;
}

/** The part of a node-redis cluster client that is used here. */
export interface RedisCluster {
  readonly masters: readonly ClusterMaster[];
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  nodeClient(node: ClusterMaster): RedisClient | Promise<RedisClient>;
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    args: readonly Argument[],
    options?: CommandOptions,
  ): Promise<unknown>;
}

export interface RedisDriver {
  createClient(options: unknown): RedisClient;
  createCluster(options: unknown): RedisCluster;
}

/** The type byte of a bulk string in the protocol. */
const BULK_STRING = 36;

/** Bulk strings as bytes: keys and values need not be text. */
export const AS_BYTES: CommandOptions = Object.freeze({ typeMapping: { [BULK_STRING]: Buffer } });

/**
 * The package redis, loaded when a store is opened.
 *
 * @throws StorageFault `unsupported` with the command that installs it, when it is not there.
 */
export async function loadRedis(): Promise<RedisDriver> {
  try {
    return await import("redis");
  } catch (error) {
    throw driverFault("redis", "redis", error);
  }
}
