import { expect } from "chai";
import { StorageFault } from "../../src/core/errors.js";
import { OpenTransactions } from "../../src/transaction/open-transactions.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";

/** Something open that notes what was asked of it. */
class Guest {
  isOver = false;
  abortedBy: StorageFault | undefined;
  readonly #open: OpenTransactions;

  private constructor(open: OpenTransactions) {
    this.#open = open;
  }

  static in(open: OpenTransactions): Guest {
    const guest = new Guest(open);
    open.add(guest);
    return guest;
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
    const first = Guest.in(open);
    Guest.in(open);
    expect(() => Guest.in(open)).to.throw(
      StorageFault,
      "2 transactions are open already; commit or roll back some of them, or raise transaction.max_open",
    );
    open.remove(first);
    Guest.in(open);
    expect(open.size).to.equal(2);
  });

  it("looks once a second for those whose time is over, with one timer, while any is open", async () => {
    const runtime = new FakeRuntime();
    const open = new OpenTransactions(10, runtime.timers);
    const guests = [Guest.in(open), Guest.in(open), Guest.in(open)];
    expect(runtime.pendingTimers).to.equal(1);
    (guests[0] as Guest).isOver = true;
    await runtime.advance(1000);
    expect(open.size).to.equal(2);
    expect(runtime.pendingTimers).to.equal(1);
    for (const guest of guests) guest.isOver = true;
    await runtime.advance(1000);
    expect(open.size).to.equal(0);
    expect(runtime.pendingTimers).to.equal(0);
    const late = Guest.in(open);
    late.isOver = true;
    await runtime.advance(1000);
    expect(open.size).to.equal(0);
  });

  it("aborts all with the cause, and sets no timer on", () => {
    const runtime = new FakeRuntime();
    const open = new OpenTransactions(10, runtime.timers);
    const guests = [Guest.in(open), Guest.in(open)];
    const cause = new StorageFault("closed", "the store is closed");
    open.abortAll(cause);
    expect(guests.map(({ abortedBy }) => abortedBy)).to.deep.equal([cause, cause]);
    expect(runtime.pendingTimers).to.equal(0);
  });
});
