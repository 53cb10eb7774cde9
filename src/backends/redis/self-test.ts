import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { settleWithin } from "../../core/settle-within.js";
import type { Random } from "../../core/runtime.js";
import type { RedisConnection } from "./redis-connection.js";
import { redisFault } from "./redis-errors.js";
import type { RedisLink } from "./redis-link.js";
import { SCRIPTS } from "./redis-script.js";

/** What servers say, to commands and to scripts, of what a user's rights do not allow; in words that changed with versions. */
const REFUSED = /NOPERM|acl|permission|the user executing the script can't/i;

/** At its maxmemory, or with too few replicas, or unable to persist: nothing that says what the server can do. */
const FOR_NOW = /OOM|NOREPLICAS|MISCONF/;

/**
 * Tries every command that a commit is made of, as the user that is connected: one that failed in the middle of a
 * commit would leave it half done. Then it listens for a moment, as whoever waits for changes does. A server that takes no
 * writes for now passes, one that is full first of all: it refuses a commit before its first write.
 *
 * @throws StorageFault `denied`, `read-only` or `unsupported`, naming what is missing.
 */
export async function selfTest(
  limit: Context,
  connection: RedisConnection,
  prefix: string,
  random: Random,
): Promise<void> {
  // Two stores that open at once must not meet.
  const tag = `${prefix}{probe-${Buffer.from(random.bytes(8)).toString("hex")}}:`;
  const keys = ["hash", "set", "log"].map((name) => tag + name);
  const channel = `${tag}changes`;
  const answer = await connection.read(limit, SCRIPTS.probe, keys, [channel]);
  const failures = (answer as Buffer[]).map(String).filter((failure) => !FOR_NOW.test(failure));
  if (failures.length > 0) throw faultOf(failures);
  await tryListening(limit, connection.link, channel);
}

async function tryListening(limit: Context, link: RedisLink, channel: string): Promise<void> {
  const listener = () => undefined;
  for (const command of ["subscribe", "unsubscribe"] as const) {
    try {
      await settleWithin(limit, link[command](channel, listener));
    } catch (error) {
      const fault = redisFault(error);
      if (fault.reason !== "denied") throw fault;
      throw denied(command.toUpperCase(), error);
    }
  }
}

function faultOf(failures: readonly string[]): StorageFault {
  const commands = [...new Set(failures.map((failure) => failure.split(":", 1)[0]))].join(", ");
  const cause = new Error(failures[0]);
  if (failures.some((failure) => failure.includes("READONLY"))) {
    return new StorageFault(
      "read-only",
      "the server is a read-only replica; give the address of its master",
      { cause },
    );
  }
  if (failures.some((failure) => REFUSED.test(failure))) return denied(commands, cause);
  return new StorageFault("unsupported", `the server cannot do ${commands}`, { cause });
}

function denied(commands: string, cause: unknown): StorageFault {
  const advice = "allow the user these commands, the keys under redis.prefix and the channels under it";
  return new StorageFault("denied", `the server refuses the user ${commands}; ${advice}`, { cause });
}
