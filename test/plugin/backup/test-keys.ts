import { randomBytes } from "node:crypto";

/** Keys of their own for a test, each in an environment variable. */
export class TestKeys {
  readonly #names = new Set<string>();

  /** A key of that id, made when it is first asked for. */
  one(id: string): { readonly id: string; readonly env: string } {
    const env = `HOLDFAST_TEST_KEY_${id.toUpperCase()}`;
    if (!this.#names.has(env)) process.env[env] = randomBytes(32).toString("base64");
    this.#names.add(env);
    return { id, env };
  }

  remove(): void {
    for (const name of this.#names) delete process.env[name];
    this.#names.clear();
  }
}
