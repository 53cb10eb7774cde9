import type { Context } from "../../core/context.js";
import type { Limited } from "./limited.js";
import { registryKey } from "./namespace-keys.js";
import type { RedisConnection } from "./redis-connection.js";
import type { Space, Spaces } from "./spaces.js";

const NAMES_PER_PAGE = 512;
const NAMES_PER_COMMAND = 1000;

/**
 * The names of all namespaces ever written. On a cluster it is in a slot of its own, so it cannot be written in the
 * same step as a commit: a name is written before the first commit, and those who list test which hold anything.
 */
export class NameRegistry {
  readonly #connection: RedisConnection;
  readonly #spaces: Spaces;
  readonly #limited: Limited;
  readonly #key: string;

  /** @param limited runs the asking for each page of names. */
  constructor(connection: RedisConnection, spaces: Spaces, prefix: string, limited: Limited) {
    this.#connection = connection;
    this.#spaces = spaces;
    this.#limited = limited;
    this.#key = registryKey(prefix);
  }

  /** Resolves when the names of all these namespaces stand in the registry. */
  async add(limit: Context, spaces: readonly Space[]): Promise<void> {
    const missing = spaces.filter((space) => !space.isRegistered);
    for (let at = 0; at < missing.length; at += NAMES_PER_COMMAND) {
      const slice = missing.slice(at, at + NAMES_PER_COMMAND);
      const members = slice.flatMap(({ name }) => ["0", name]);
      await this.#connection.command(limit, this.#key, ["ZADD", this.#key, ...members]);
      for (const space of slice) space.isRegistered = true;
    }
  }

  /** All names in pages, also of namespaces that hold nothing now. */
  async *all(ctx: Context): AsyncGenerator<readonly string[]> {
    for (let from = "-"; ; ) {
      const command = ["ZRANGE", this.#key, from, "+", "BYLEX", "LIMIT", "0", String(NAMES_PER_PAGE)];
      const found = (await this.#limited(ctx, (limit) =>
        this.#connection.command(limit, this.#key, command),
      )) as Buffer[];
      const names = found.map(String);
      if (names.length > 0) yield names;
      if (names.length < NAMES_PER_PAGE) return;
      from = `(${names.at(-1) as string}`;
    }
  }

  /** Of some names those whose namespace holds anything. */
  async held(limit: Context, names: readonly string[]): Promise<readonly string[]> {
    const held = await Promise.all(
      names.map((name) => {
        const { index } = this.#spaces.of(name).keys;
        return this.#connection.command(limit, index, ["EXISTS", index]);
      }),
    );
    return names.filter((_, i) => held[i] === 1);
  }
}
