import assert from "node:assert/strict";
import { withCancel } from "../../core/context.js";
import type { Reason } from "../../core/errors.js";
import { headKey } from "../../core/key.js";
import { EVERYTHING } from "../../core/range.js";
import type { CaseList } from "./case-list.js";
import { textOf } from "./read-cases.js";
import { firstOf, put, rejects, type Rig } from "./rig.js";

/** Every call but `open` and `close`. */
const CALLS: readonly (readonly [name: string, call: (rig: Rig) => Promise<unknown>])[] = [
  ["read", (rig) => rig.backend.read(rig.ctx, "", [headKey("a")])],
  ["read of nothing", (rig) => rig.backend.read(rig.ctx, "", [])],
  ["scan", (rig) => firstOf(rig.backend.scan(rig.ctx, "", EVERYTHING))],
  ["count", (rig) => firstOf(rig.backend.scan(rig.ctx, "", EVERYTHING, { want: "count" }))],
  ["commit", (rig) => rig.backend.commit([rig.batch({ writes: [put("a")] })])],
  ["commit without writes", (rig) => rig.backend.commit([rig.batch({})])],
  ["changes", (rig) => rig.backend.changes(rig.ctx, "", undefined, { limit: 1 })],
  ["changes with a wait", (rig) => rig.backend.changes(rig.ctx, "", undefined, { limit: 1, waitMs: 60_000 })],
  ["namespaces", (rig) => firstOf(rig.backend.namespaces(rig.ctx))],
];

/** What may be called when. */
export function traitCases(list: CaseList): void {
  list.topic("life", () => {
    for (const [name, call] of CALLS) callCases(list, name, call);
    extensionCases(list);
    openCases(list);
    closeCases(list);
    if (list.capabilities.persistent) reopenCases(list);
  });
}

function callCases(list: CaseList, name: string, call: (rig: Rig) => Promise<unknown>): void {
  const refuses = (reason: Reason, rig: Rig) => rejects(reason, () => call(rig));

  list.onUnopened(`${name} before open is refused`, async (rig) => {
    await refuses("not-open", rig);
    await rig.backend.open(rig.ctx);
    assert.equal(await rig.count(), 0, "and had no effect");
  });

  list.onUnopened(`${name} while closing is refused`, async (rig) => {
    await rig.backend.open(rig.ctx);
    const closing = rig.backend.close(rig.ctx);
    await refuses("closed", rig);
    await closing;
  });

  list.onUnopened(`${name} after close is refused`, async (rig) => {
    await rig.backend.open(rig.ctx);
    await rig.backend.close(rig.ctx);
    await refuses("closed", rig);
  });

  list.onUnopened(`${name} after open works`, async (rig) => {
    await rig.backend.open(rig.ctx);
    if (name.includes("wait")) await rig.write(put("something to find"));
    await call(rig);
  });
}

function extensionCases(list: CaseList): void {
  for (const name of ["compact", "verify", "flush", "files"] as const) {
    if (!list.capabilities[name]) continue;
    list.onUnopened(`${name} before open is refused`, async (rig) => {
      await rejects("not-open", async () => rig.backend.extensions[name]?.(rig.ctx));
    });
    list.onUnopened(`${name} after close is refused`, async (rig) => {
      await rig.backend.open(rig.ctx);
      await rig.backend.close(rig.ctx);
      await rejects("closed", async () => rig.backend.extensions[name]?.(rig.ctx));
    });
  }
}

function openCases(list: CaseList): void {
  list.it("open when open does nothing", async (rig) => {
    await rig.write(put("a"));
    await rig.backend.open(rig.ctx);
    assert.ok(await rig.get("a"));
  });

  list.onUnopened("open twice at once opens once", async (rig) => {
    await Promise.all([rig.backend.open(rig.ctx), rig.backend.open(rig.ctx)]);
    await rig.write(put("a"));
    assert.ok(await rig.get("a"));
  });

  list.onUnopened("open under a cancelled context is refused and may be tried again", async (rig) => {
    const [ctx, cancel] = withCancel(rig.ctx);
    cancel();
    await rejects("cancelled", () => rig.backend.open(ctx));
    await rejects("not-open", () => rig.backend.read(rig.ctx, "", []));
    await rig.backend.open(rig.ctx);
    await rig.write(put("a"));
  });

  list.onUnopened("the constructor does nothing that needs closing", async (rig) => {
    assert.equal(typeof rig.backend.info.name, "string");
  });
}

function closeCases(list: CaseList): void {
  list.onUnopened("close before open does nothing", async (rig) => {
    await rig.backend.close(rig.ctx);
    await rig.backend.open(rig.ctx);
    await rig.write(put("a"));
  });

  list.onUnopened("close twice does nothing the second time", async (rig) => {
    await rig.backend.open(rig.ctx);
    await rig.backend.close(rig.ctx);
    await rig.backend.close(rig.ctx);
  });

  list.onUnopened("close twice at once closes once", async (rig) => {
    await rig.backend.open(rig.ctx);
    await Promise.all([rig.backend.close(rig.ctx), rig.backend.close(rig.ctx)]);
  });

  list.onUnopened("close while opening closes", async (rig) => {
    const opening = rig.backend.open(rig.ctx);
    await Promise.all([opening, rig.backend.close(rig.ctx)]);
    await rejects("closed", () => rig.backend.read(rig.ctx, "", []));
  });

  list.onUnopened("close waits for commits under way", async (rig) => {
    await rig.backend.open(rig.ctx);
    const commits = Array.from({ length: 100 }, (_, i) => rig.tryCommit({ writes: [put(`key:${i}`)] }));
    await rig.backend.close(rig.ctx);
    for (const result of await Promise.all(commits)) assert.equal(result.status, "committed");
  });

  list.onUnopened("close is not held up by an abandoned scan", async (rig) => {
    await rig.backend.open(rig.ctx);
    const writes = Array.from({ length: 2000 }, (_, i) => put(`key:${i}`));
    await rig.commit({ writes });
    const iterator = rig.backend.scan(rig.ctx, "", EVERYTHING)[Symbol.asyncIterator]();
    await iterator.next();
    await rig.backend.close(rig.ctx);
    await rejects("closed", () => iterator.next());
  });

  list.onUnopened("the same instance may be opened again after close", async (rig) => {
    await rig.backend.open(rig.ctx);
    await rig.write(put("a"));
    await rig.backend.close(rig.ctx);
    await rig.backend.open(rig.ctx);
    const expected = list.capabilities.persistent ? 1 : 0;
    assert.equal(await rig.count(), expected);
    await rig.write(put("b"));
    assert.equal(await rig.count(), expected + 1);
  });
}

function reopenCases(list: CaseList): void {
  list.it("what was committed is there after reopening", async (rig) => {
    const { now } = await rig.write(put("a", { data: "kept" }), put("b", { expiry: { in: 3_600_000 } }));
    await rig.commit({ namespace: "other", writes: [put("c")] });
    const before = await rig.scan(EVERYTHING, { want: "headers" });
    const position = await rig.position();
    await list.reopen(rig);
    assert.equal(textOf((await rig.get("a"))?.data), "kept");
    assert.equal((await rig.get("b"))?.expiresAt, now + 3_600_000);
    assert.ok(await rig.get("c", "other"));
    const after = await rig.scan(EVERYTHING, { want: "headers" });
    assert.deepEqual(
      after.map(({ version }) => version),
      before.map(({ version }) => version),
    );
    assert.deepEqual(await rig.position(), position);
    assert.deepEqual((await rig.namespaces()).sort(), ["", "other"]);
  });

  list.it("what was deleted stays away after reopening", async (rig) => {
    await rig.write(put("a"), put("b"));
    await rig.write({ kind: "delete", key: headKey("a") });
    await list.reopen(rig);
    assert.deepEqual(await rig.keys(), [headKey("b")]);
  });

  list.it("a namespace that was emptied goes on at its position after reopening", async (rig) => {
    await rig.commit({ namespace: "gone", writes: [put("a")] });
    const { position } = await rig.commit({
      namespace: "gone",
      writes: [{ kind: "delete-range", range: EVERYTHING }],
    });
    await list.reopen(rig);
    assert.deepEqual(await rig.namespaces(), []);
    assert.deepEqual(await rig.position("gone"), position);
    assert.equal((await rig.commit({ namespace: "gone", writes: [put("a")] })).position.ordinal, 3);
  });

  list.it("checks hold across reopening", async (rig) => {
    const { position } = await rig.write(put("a"));
    const range = await rig.rangeCheck(EVERYTHING);
    await list.reopen(rig);
    await rig.commit({
      checks: [{ key: headKey("a"), version: position.id }],
      ranges: [range],
      writes: [put("b")],
    });
    await rig.conflicts({ ranges: [range] });
  });

  list.it("reopens many times", async (rig) => {
    for (let i = 0; i < 5; i++) {
      await rig.write(put(`key:${i}`));
      await list.reopen(rig);
      assert.equal(await rig.count(), i + 1);
    }
  });
}
