/** What the model rejects with where a store rejects with a StorageError of this code and reason. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string) {
    super(`${code} ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}
