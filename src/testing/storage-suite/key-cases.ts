import assert from "node:assert/strict";
import type { Reason } from "../../core/errors.js";
import { compareKeys, MAX_KEY_BYTES } from "../../core/key.js";
import type { StorageCaseList } from "./storage-case-list.js";
import { keysOf, misuses, rejects } from "./storage-assertions.js";
import { STORAGE_CALLS, TRANSACTION_CALLS } from "./public-calls.js";
import type { Transaction } from "../../plugin/storage.js";

/** Keys that have broken stores: paths, names of objects, separators, everything Unicode. */
export const HOSTILE_KEYS: readonly string[] = [
  "a/b",
  "a:b",
  "a\\b",
  "../x",
  "../../etc/passwd",
  "/",
  ".",
  "..",
  ".hidden",
  "CON",
  "A",
  "a",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  " ",
  " leading and trailing ",
  "new\nline",
  "tab\t",
  "\u0001",
  "\u007f",
  '"quoted"',
  "{}",
  "[a]*?",
  "%2e%2e",
  "k",
  "kk",
  "0",
  "-1",
  "e\u0301",
  "\u00e9",
  "😀",
  "\uffff",
  "\ue000",
  "\u{10ffff}",
  "null",
  "undefined",
  "x".repeat(MAX_KEY_BYTES),
  "€".repeat(341),
  "select * from users; --",
];

/** Keys are opaque text: whatever is allowed is kept exactly, and the rest is refused before anything happens. */
export function keyCases(list: StorageCaseList): void {
  list.topic("keys", () => {
    for (const key of HOSTILE_KEYS) hostileKeyCase(list, key);
    togetherCases(list);
    for (const flaw of FLAWS) refusedKeyCases(list, flaw);
    misuseCases(list);
  });
}

function hostileKeyCase(list: StorageCaseList, key: string): void {
  const shown = key.length > 40 ? `${key.slice(0, 4)}… of ${key.length} units` : JSON.stringify(key);
  list.it(`keeps the key ${shown}`, async ({ store, ctx, strong }) => {
    await store.set(ctx, key, { of: key });
    assert.deepEqual(await store.get(ctx, key), { of: key });
    assert.deepEqual(await store.get(strong, key), { of: key });
    assert.deepEqual(await store.keys(ctx), [key]);
    assert.deepEqual([...(await store.getBatch(ctx, [key])).keys()], [key]);
    assert.deepEqual(await keysOf(store.scan(ctx)), [key]);
    await store.transact(ctx, async (tx) => {
      assert.equal(await tx.exists(key), true);
      await tx.set(key, "changed");
    });
    assert.equal(await store.get(strong, key), "changed");
    assert.equal(await store.delete(ctx, key), true);
    assert.equal(await store.count(ctx), 0);
  });
}

function togetherCases(list: StorageCaseList): void {
  list.it("keeps hostile keys apart from each other, in order", async ({ store, ctx }) => {
    await store.setBatch(ctx, new Map(HOSTILE_KEYS.map((key, i) => [key, i])));
    assert.deepEqual(await store.keys(ctx), [...HOSTILE_KEYS].sort(compareKeys));
    const found = await store.getBatch(ctx, HOSTILE_KEYS);
    assert.deepEqual(
      [...found],
      HOSTILE_KEYS.map((key, i) => [key, i]),
    );
  });

  list.it("orders keys by their bytes of UTF-8", async ({ store, ctx }) => {
    const keys = ["\u{10000}", "\uffff", "\ue000", "\ud7ff", "z", "a", "B", "ab", "a\u0001"];
    await store.setBatch(ctx, new Map(keys.map((key) => [key, 1])));
    const bytewise = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(await store.keys(ctx), bytewise);
  });

  list.it("does not normalise keys", async ({ store, ctx }) => {
    await store.set(ctx, "\u00e9", "composed");
    await store.set(ctx, "e\u0301", "decomposed");
    assert.equal(await store.get(ctx, "\u00e9"), "composed");
    assert.equal(await store.size(ctx), 2);
  });
}

const FLAWS: readonly { readonly title: string; readonly key: string; readonly reason: Reason }[] = [
  { title: "an empty key", key: "", reason: "invalid-key" },
  { title: "U+0000 in a key", key: "a\0b", reason: "invalid-key" },
  { title: "a lone surrogate in a key", key: "a\ud800", reason: "invalid-key" },
  { title: "a key of 1025 bytes", key: "x".repeat(MAX_KEY_BYTES + 1), reason: "invalid-key" },
  { title: "a key of 1026 bytes in 342 units", key: "€".repeat(342), reason: "invalid-key" },
];

function refusedKeyCases(list: StorageCaseList, { title, key, reason }: (typeof FLAWS)[number]): void {
  for (const { operation, access, names, run } of STORAGE_CALLS) {
    if (names === "none") continue;
    list.it(`refuses ${title} in ${operation}`, async ({ store, ctx }) => {
      await store.set(ctx, "fine", "kept");
      const code = access === "read" ? 5001 : 5002;
      const error = await rejects(() => run(store, ctx, key), {
        reason,
        code,
        operation,
        key,
        retryable: false,
      });
      assert.ok(Buffer.byteLength(error.message) < 400, "the key is cut in the message");
      assert.equal(await store.get(ctx, "fine"), "kept");
    });
  }
  for (const { operation, access, names, run } of TRANSACTION_CALLS) {
    if (names === "none") continue;
    list.it(`refuses ${title} in transaction.${operation}`, async ({ store, ctx }) => {
      const tx = await store.beginTransaction(ctx);
      const code = access === "read" ? 5001 : 5002;
      await rejects(() => run(tx, key), { reason, code, operation: `transaction.${operation}`, key });
      assert.equal(tx.state, "active");
      await tx.commit();
      assert.equal(await store.count(ctx), 0);
    });
  }
}

const NO_KEYS: readonly unknown[] = [undefined, null, 1, true, {}, ["a"]];

function misuseCases(list: StorageCaseList): void {
  for (const { operation, names, run } of STORAGE_CALLS) {
    if (names === "none") continue;
    list.it(`takes a key that is no text in ${operation} for a mistake`, async ({ store, ctx }) => {
      for (const key of NO_KEYS) {
        await misuses(() => run(store, ctx, key as string), /key must be a string/);
        await misuses(() => run(store.namespace("n"), ctx, key as string), /key must be a string/);
      }
      assert.equal(await store.count(ctx), 0);
    });
  }
  for (const { operation, names, run } of TRANSACTION_CALLS) {
    if (names === "none") continue;
    list.it(
      `takes a key that is no text in transaction.${operation} for a mistake`,
      async ({ store, ctx }) => {
        const tx: Transaction = await store.beginTransaction(ctx);
        for (const key of NO_KEYS) await misuses(() => run(tx, key as string), /key must be a string/);
        await tx.rollback();
      },
    );
  }
}
