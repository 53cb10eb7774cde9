import { expect } from "chai";
import { StorageFault } from "../../src/core/errors.js";
import { OpenTransactions } from "../../src/transaction/open-transactions.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";

/** Something open that notes what was asked of it. */
class Guest {
  isOver = false;
  abortedBy: StorageFault | undefined;
  readonly #open: OpenTransactions;

  constructor(open: OpenTransactions) {
    this.#open = open;
    open.add(this);
  }

  endIfOver(): void {
    if (this.isOver) this.#open.remove(this);
  }

  abort(cause: StorageFault): void {
    this.abortedBy = cause;
    this.#open.remove(this);
  }
}

describe("OpenTransactions", () => {
  it("bounds their number", () => {
    const open = new OpenTransactions(2, new FakeRuntime().timers);
    const first = new Guest(open);
    new Guest(open);
    expect(() => new Guest(open)).to.throw(StorageFault, "2 transactions are open already");
    open.remove(first);
    new Guest(open);
    expect(open.size).to.equal(2);
  });

  it("looks once a second for those whose time is over, with one timer, while any is open", async () => {
    const runtime = new FakeRuntime();
    const open = new OpenTransactions(10, runtime.timers);
    const guests = [new Guest(open), new Guest(open), new Guest(open)];
    expect(runtime.pendingTimers).to.equal(1);
    (guests[0] as Guest).isOver = true;
    await runtime.advance(1000);
    expect(open.size).to.equal(2);
    expect(runtime.pendingTimers).to.equal(1);
    for (const guest of guests) guest.isOver = true;
    await runtime.advance(1000);
    expect(open.size).to.equal(0);
    expect(runtime.pendingTimers).to.equal(0);
    const late = new Guest(open);
    late.isOver = true;
    await runtime.advance(1000);
    expect(open.size).to.equal(0);
  });

  it("aborts all with the cause, and sets no timer on", () => {
    const runtime = new FakeRuntime();
    const open = new OpenTransactions(10, runtime.timers);
    const guests = [new Guest(open), new Guest(open)];
    const cause = new StorageFault("closed", "the store is closed");
    open.abortAll(cause);
    expect(guests.map(({ abortedBy }) => abortedBy)).to.deep.equal([cause, cause]);
    expect(runtime.pendingTimers).to.equal(0);
  });
});
