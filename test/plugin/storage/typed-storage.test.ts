import { expect } from "chai";
import {
  background,
  openStorage,
  type Storage,
  type StandardSchema,
  type TypedStorage,
} from "../../../src/index.js";

interface Account {
  readonly name: string;
  readonly balance: number;
}

/** What may be written: the balance may be left out. */
type AccountInput = Omit<Account, "balance"> & Partial<Account>;

const ACCOUNTS: StandardSchema<AccountInput, Account> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { name, balance = 0 } = value as AccountInput;
      return typeof name === "string"
        ? { value: { name, balance } }
        : { issues: [{ message: "no", path: ["name"] }] };
    },
  },
};

/** Compiles only when the two types are the same. */
function sameType<A, B>(_same: [A, B] extends [B, A] ? true : never): void {
  return undefined;
}

describe("namespace with a schema", () => {
  it("infers what may be written and what is read", async () => {
    const ctx = background();
    await using storage = await openStorage();
    const accounts = storage.namespace("accounts", ACCOUNTS);
    sameType<typeof accounts, TypedStorage<Account, AccountInput>>(true);
    await accounts.set(ctx, "a", { name: "Ann" });
    const account = await accounts.get(ctx, "a");
    sameType<typeof account, Account>(true);
    expect(account).to.deep.equal({ name: "Ann", balance: 0 });
    const found = await accounts.find(ctx, "*");
    sameType<typeof found, Map<string, Account>>(true);
    const fallback = await accounts.getOr(ctx, "absent", null);
    sameType<typeof fallback, Account | null>(true);
    expect(fallback).to.equal(null);
    const wrong = { balance: 1 };
    // @ts-expect-error a name is missing
    const refused = await accounts.set(ctx, "b", wrong).catch((error: { reason: string }) => error.reason);
    expect(refused).to.equal("invalid-value");
  });

  it("leaves values unknown without one", async () => {
    const ctx = background();
    await using storage = await openStorage();
    const plain: Storage = storage.namespace("plain");
    await plain.set(ctx, "a", 1);
    const unknown = await plain.get(ctx, "a");
    sameType<typeof unknown, unknown>(true);
    const claimed = await plain.get<number>(ctx, "a");
    sameType<typeof claimed, number>(true);
    expect(claimed).to.equal(unknown);
  });
});
