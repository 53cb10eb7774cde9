import { randomBytes } from "node:crypto";
import type { GivenKeys } from "../../../src/index.js";

/** Keys of their own for a test, each in an environment variable. */
export class TestKeys {
  readonly #names = new Set<string>();

  /** A key of that id, made when it is first asked for. */
  one(id: string): GivenKeys["keys"][number] & { readonly env: string } {
    const env = `HOLDFAST_TEST_BACKUP_KEY_${id.toUpperCase()}`;
    if (!this.#names.has(env)) process.env[env] = randomBytes(32).toString("base64");
    this.#names.add(env);
    return { id, env };
  }

  /** The first one encrypts. */
  given(...ids: readonly [string, ...string[]]): GivenKeys {
    return { keys: ids.map((id) => this.one(id)), active: ids[0] };
  }

  remove(): void {
    for (const name of this.#names) delete process.env[name];
    this.#names.clear();
  }
}
