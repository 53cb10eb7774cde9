import { expect } from "chai";
import { EventEmitter, getEventListeners } from "node:events";
import {
  background,
  backgroundOn,
  ContextKey,
  fromSignal,
  requireContext,
  withCancel,
  withDeadline,
  withLimit,
  withTimeout,
  withValue,
  type Context,
} from "../../src/core/context.js";
import { ManualTime } from "./manual-time.js";

/** Counts how often a context says that it is over. */
function countEnds(context: Context): { times: number; forget: () => void } {
  const count = { times: 0, forget: (): void => undefined };
  count.forget = context.onDone(() => {
    count.times += 1;
  });
  return count;
}

describe("background", () => {
  it("never ends and knows nothing", () => {
    const root = background();
    expect(root.err()).to.equal(undefined);
    expect(root.remainingMs()).to.equal(Infinity);
    expect(root.canEnd).to.equal(false);
    expect(root.value(new ContextKey("k"))).to.equal(undefined);
    expect(root.signal.aborted).to.equal(false);
    expect(root.signal).to.equal(root.signal);
    countEnds(root).forget();
  });
});

describe("withCancel", () => {
  it("ends when cancelled, with the cause, once", () => {
    const [context, cancel] = withCancel(background());
    const ends = countEnds(context);
    expect(context.err()).to.equal(undefined);
    expect(context.canEnd).to.equal(true);
    const cause = new Error("enough");
    cancel(cause);
    cancel(new Error("more"));
    expect(context.err()).to.include({ reason: "cancelled", cause });
    expect(context.err()).to.equal(context.err());
    expect(ends.times).to.equal(1);
  });

  it("ends its children, and not its parent", () => {
    const [parent, cancelParent] = withCancel(background());
    const [child, cancelChild] = withCancel(parent);
    const [grandchild] = withTimeout(withValue(child, new ContextKey("k"), 1), "1h");
    const ends = [countEnds(child), countEnds(grandchild)];
    cancelChild();
    expect(parent.err()).to.equal(undefined);
    expect(grandchild.err()).to.equal(child.err());
    expect(ends.map((end) => end.times)).to.deep.equal([1, 1]);
    cancelParent();
    expect(child.err()?.reason).to.equal("cancelled");
    expect(ends.map((end) => end.times)).to.deep.equal([1, 1]);
  });

  it("is over from the start below a parent that is", () => {
    const [parent, cancel] = withCancel(background());
    cancel();
    const [child, cancelChild] = withTimeout(parent, "1h");
    expect(child.err()).to.equal(parent.err());
    expect(countEnds(child).times).to.equal(1);
    expect(child.signal.aborted).to.equal(true);
    cancelChild();
    expect(withValue(parent, new ContextKey("k"), 1).err()).to.equal(parent.err());
  });
});

describe("withLimit", () => {
  const limit = () => "too slow";

  it("says what has passed: the limit, or the earlier deadline of the caller", () => {
    const time = new ManualTime();
    const [free] = withLimit(backgroundOn(time), 100, limit);
    const [caller] = withTimeout(backgroundOn(time), 50);
    const [bound] = withLimit(caller, 100, limit);
    const [below] = withTimeout(free, 500);
    const [cancelled, cancel] = withLimit(backgroundOn(time), 100, limit);
    cancel();
    time.pass(100);
    expect(free.err()).to.include({ reason: "timeout", message: "too slow" });
    expect(below.err()).to.equal(free.err());
    expect(bound.err()).to.equal(caller.err());
    expect(bound.err()?.message).to.equal("the context's deadline has passed");
    expect(cancelled.err()?.reason).to.equal("cancelled");
  });
});

describe("withTimeout", () => {
  it("ends at its deadline, whether or not anybody listens", () => {
    const time = new ManualTime();
    const [asked] = withTimeout(backgroundOn(time), 100);
    const [heard] = withTimeout(backgroundOn(time), "100ms");
    const ends = countEnds(heard);
    time.pass(99);
    expect([asked.remainingMs(), asked.err(), ends.times]).to.deep.equal([1, undefined, 0]);
    time.pass(1);
    expect(ends.times).to.equal(1);
    expect(asked.err()?.reason).to.equal("timeout");
    expect(heard.err()?.reason).to.equal("timeout");
    expect(time.alarms.size).to.equal(0);
  });

  it("of 0 is over from the start", () => {
    const [context] = withTimeout(background(), 0);
    expect(context.err()?.reason).to.equal("timeout");
    expect(context.remainingMs()).to.be.at.most(0);
    expect(context.signal.reason).to.equal(context.err());
  });

  it("never outlives its parent, and may be shorter", () => {
    const time = new ManualTime();
    const [parent] = withTimeout(backgroundOn(time), 100);
    const [longer] = withTimeout(parent, 500);
    const [shorter] = withTimeout(parent, 50);
    expect([longer.remainingMs(), shorter.remainingMs()]).to.deep.equal([100, 50]);
    const ends = [countEnds(longer), countEnds(shorter)];
    time.pass(50);
    expect(ends.map((end) => end.times)).to.deep.equal([0, 1]);
    time.pass(50);
    expect(ends.map((end) => end.times)).to.deep.equal([1, 1]);
    expect(longer.err()).to.equal(parent.err());
  });

  it("waits on when a timer fires too early", () => {
    const time = new ManualTime();
    time.earlyMs = 3;
    const [context] = withTimeout(backgroundOn(time), 10);
    const ends = countEnds(context);
    time.pass(7);
    expect(ends.times).to.equal(0);
    time.pass(3);
    expect(ends.times).to.equal(1);
  });

  it("keeps to monotonic time when the machine's clock is set", () => {
    const time = new ManualTime();
    const [context] = withDeadline(backgroundOn(time), new Date(time.wall + 100));
    time.wall += 1_000_000;
    expect(context.err()).to.equal(undefined);
    time.pass(100);
    expect(context.err()?.reason).to.equal("timeout");
  });

  it("runs on the system's clock and timers", async () => {
    const [context] = withTimeout(background(), 5);
    await new Promise<void>((resolve, reject) => {
      const giveUp = setTimeout(() => reject(new Error("the deadline was never noticed")), 5000);
      context.onDone(() => {
        clearTimeout(giveUp);
        resolve();
      });
    });
    expect(context.err()?.reason).to.equal("timeout");
  });

  it("takes what is no duration for misuse", () => {
    for (const timeout of [-1, Number.NaN, "soon", "", true, undefined]) {
      expect(() => withTimeout(background(), timeout as number)).to.throw(TypeError, "is not a duration");
    }
  });
});

describe("withDeadline", () => {
  it("of a moment in the past is over from the start", () => {
    expect(withDeadline(background(), new Date(0))[0].err()?.reason).to.equal("timeout");
  });

  it("takes an invalid Date for misuse", () => {
    expect(() => withDeadline(background(), new Date(Number.NaN))).to.throw(TypeError, "valid Date");
  });

  it("takes anything but a Date for misuse", () => {
    const mistakes: readonly unknown[] = ["x", 5, null, undefined, {}];
    for (const wrong of mistakes)
      expect(() => withDeadline(background(), wrong as Date)).to.throw(
        TypeError,
        "withDeadline takes a valid Date; for a span of time use withTimeout",
      );
  });
});

describe("withValue", () => {
  const user = new ContextKey<string>("user");

  it("answers here and below, the nearest first, and tells keys of one name apart", () => {
    const outer = withValue(background(), user, "ada");
    const inner = withValue(withCancel(outer)[0], user, "bob");
    expect([outer.value(user), inner.value(user)]).to.deep.equal(["ada", "bob"]);
    expect(inner.value(new ContextKey<string>("user"))).to.equal(undefined);
    expect(background().value(user)).to.equal(undefined);
  });

  it("holds undefined as a value of its own", () => {
    const maybe = new ContextKey<string | undefined>("maybe");
    const inner = withValue(withValue(background(), maybe, "set"), maybe, undefined);
    expect(inner.value(maybe)).to.equal(undefined);
  });

  it("ends with its parent, and can end only if that can", () => {
    expect(withValue(background(), user, "ada").canEnd).to.equal(false);
    const time = new ManualTime();
    const [parent] = withTimeout(backgroundOn(time), 10);
    const child = withValue(parent, user, "ada");
    const ends = countEnds(child);
    expect([child.canEnd, child.remainingMs()]).to.deep.equal([true, 10]);
    expect(child.signal).to.equal(parent.signal);
    time.pass(10);
    expect(child.err()).to.equal(parent.err());
    expect(ends.times).to.equal(1);
  });
});

describe("fromSignal", () => {
  it("takes anything but an AbortSignal for misuse", () => {
    const mistakes: readonly unknown[] = [5, null, undefined, {}, new AbortController()];
    for (const wrong of mistakes)
      expect(() => fromSignal(wrong as AbortSignal)).to.throw(
        TypeError,
        "fromSignal takes an AbortSignal, as an AbortController has it",
      );
  });

  it("ends when the signal aborts, with its reason as the cause", () => {
    const controller = new AbortController();
    const [asked] = fromSignal(controller.signal);
    const [heard] = fromSignal(controller.signal);
    const ends = countEnds(heard);
    const reason = new Error("enough");
    controller.abort(reason);
    expect(ends.times).to.equal(1);
    for (const context of [asked, heard])
      expect(context.err()).to.include({ reason: "cancelled", cause: reason });
  });

  it("is over from the start with a signal that is aborted", () => {
    expect(fromSignal(AbortSignal.abort())[0].err()?.reason).to.equal("cancelled");
  });

  it("ends with its parent and by its own cancel too", () => {
    const time = new ManualTime();
    const { signal } = new AbortController();
    const [parent] = withTimeout(backgroundOn(time), 10);
    const [first, cancel] = fromSignal(signal, parent);
    const [second] = fromSignal(signal, parent);
    cancel();
    time.pass(10);
    expect([first.err()?.reason, second.err()?.reason]).to.deep.equal(["cancelled", "timeout"]);
  });

  it("listens to the signal only while somebody listens to it", () => {
    const { signal } = new AbortController();
    const [context] = fromSignal(signal);
    expect(getEventListeners(signal, "abort")).to.have.lengthOf(0);
    const [one, two] = [countEnds(context), countEnds(context)];
    expect(getEventListeners(signal, "abort")).to.have.lengthOf(1);
    one.forget();
    expect(getEventListeners(signal, "abort")).to.have.lengthOf(1);
    two.forget();
    expect(getEventListeners(signal, "abort")).to.have.lengthOf(0);
  });
});

describe("onDone", () => {
  it("leaves no timer and no listener when the wait has ended", () => {
    const time = new ManualTime();
    const [parent, cancel] = withTimeout(backgroundOn(time), 1000);
    const child = withValue(withTimeout(withCancel(parent)[0], 500)[0], new ContextKey("k"), 1);
    for (let i = 0; i < 100; i++) countEnds(child).forget();
    expect(time.alarms.size).to.equal(0);
    const kept = countEnds(child);
    expect(time.alarms.size).to.equal(2);
    cancel();
    expect(time.alarms.size).to.equal(0);
    expect(kept.times).to.equal(1);
  });

  it("tells a listener nothing once it is forgotten, by another listener too", () => {
    const [context, cancel] = withCancel(background());
    const told: string[] = [];
    let forgetSecond = (): void => undefined;
    context.onDone(() => {
      told.push("first");
      forgetSecond();
    });
    forgetSecond = context.onDone(() => told.push("second"));
    context.onDone(() => told.push("third"));
    cancel();
    expect(told).to.deep.equal(["first", "third"]);
  });

  it("keeps two registrations of one function apart", () => {
    const [context, cancel] = withCancel(background());
    let times = 0;
    const listener = (): void => {
      times += 1;
    };
    const forget = context.onDone(listener);
    context.onDone(listener);
    forget();
    forget();
    cancel();
    expect(times).to.equal(1);
  });

  it("tells a listener that comes while others are told", () => {
    const [context, cancel] = withCancel(background());
    let late = 0;
    context.onDone(() => {
      context.onDone(() => {
        late += 1;
      });
    });
    cancel();
    expect(late).to.equal(1);
  });

  it("tells everybody when the deadline passes while the first one registers", () => {
    const time = new ManualTime();
    const [parent] = withTimeout(backgroundOn(time), 10);
    const [child] = withCancel(parent);
    // Each look at the clock takes a while; the deadline falls between two of them.
    let looks = 0;
    Object.assign(time.clock, { monotonic: () => time.monotonic + (looks++ > 0 ? 20 : 0) });
    const ends = countEnds(child);
    expect(ends.times).to.equal(1);
    expect(child.err()?.reason).to.equal("timeout");
    expect(time.alarms.size).to.equal(0);
  });

  it("tells the others when one throws, whose error surfaces by itself", async () => {
    const surfaced = surfacing();
    const [context, cancel] = withCancel(background());
    context.onDone(() => {
      throw new Error("broken listener");
    });
    const ends = countEnds(context);
    expect(() => cancel()).not.to.throw();
    expect(ends.times).to.equal(1);
    expect((await surfaced).message).to.equal("broken listener");
  });
});

/** The next uncaught exception, kept from mocha. */
function surfacing(): Promise<Error> {
  const others = process.rawListeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  return EventEmitter.once(process, "uncaughtException").then(([error]) => {
    for (const other of others) process.on("uncaughtException", other as (error: Error) => void);
    return error as Error;
  });
}

describe("signal", () => {
  it("aborts with the context's error, and is made once", () => {
    const time = new ManualTime();
    const [context] = withTimeout(backgroundOn(time), 10);
    const { signal } = context;
    expect(signal.aborted).to.equal(false);
    time.pass(10);
    expect(signal.aborted).to.equal(true);
    expect(signal.reason).to.equal(context.err());
    expect(context.signal).to.equal(signal);
  });

  it("lets go of timers when the context is cancelled", () => {
    const time = new ManualTime();
    const [context, cancel] = withTimeout(backgroundOn(time), 10);
    expect(context.signal.aborted).to.equal(false);
    expect(time.alarms.size).to.equal(1);
    cancel();
    expect(time.alarms.size).to.equal(0);
    expect(context.signal.aborted).to.equal(true);
  });
});

describe("requireContext", () => {
  it("takes anything not made here for misuse", () => {
    const lookalike = { ...background(), err: () => undefined };
    for (const value of [undefined, null, {}, "ctx", lookalike]) {
      expect(() => requireContext(value)).to.throw(TypeError, "must be a Context");
      expect(() => withCancel(value as Context)).to.throw(TypeError, "must be a Context");
    }
    expect(() => requireContext(withCancel(background())[0])).not.to.throw();
  });
});
