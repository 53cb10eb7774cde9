import assert from "node:assert/strict";
import { compareKeys } from "../../core/key.js";
import type { Storage } from "../../plugin/storage.js";
import { HOSTILE_KEYS } from "./key-cases.js";
import { STORAGE_CALLS } from "./public-calls.js";
import { collect, misuses, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";

/** Namespaces of one store: apart from each other in every call, listed while they hold live keys. */
export function namespaceCases(list: StorageCaseList): void {
  list.topic("namespaces", () => {
    isolationCases(list);
    nameCases(list);
    listingCases(list);
    clearCases(list);
  });
}

function isolationCases(list: StorageCaseList): void {
  list.it("keeps the same key of each namespace apart", async ({ store, ctx, strong }) => {
    const spaces: Storage[] = ["", "user", "user2", "user:", "use"].map((name) => store.namespace(name));
    for (const [i, space] of spaces.entries()) await space.set(ctx, "r:key", i);
    for (const context of [ctx, strong]) {
      for (const [i, space] of spaces.entries()) assert.equal(await space.get(context, "r:key"), i);
    }
    await spaces[1]?.delete(ctx, "r:key");
    assert.equal(await spaces[1]?.exists(ctx, "r:key"), false);
    for (const i of [0, 2, 3, 4]) assert.equal(await spaces[i]?.get(ctx, "r:key"), i);
  });

  for (const { operation, run } of STORAGE_CALLS) {
    if (operation === "watch") continue;
    list.it(`leaves the neighbours alone with ${operation}`, async ({ store, ctx }) => {
      const neighbours = ["", "user2", "use"].map((name) => store.namespace(name));
      for (const space of neighbours) await space.setBatch(ctx, { key: "kept", fine: "kept" }, "1h");
      const before = await Promise.all(neighbours.map((space) => collect(space.entries(ctx))));
      const user = store.namespace("user");
      await user.setBatch(ctx, { key: 1, fine: 2 });
      // A list or hash takes no key that holds a value.
      if (operation.includes(".")) await user.delete(ctx, "key");
      await run(user, ctx, "key");
      assert.deepEqual(await Promise.all(neighbours.map((space) => collect(space.entries(ctx)))), before);
    });
  }

  list.it("lists only its own keys", async ({ store, ctx }) => {
    await store.set(ctx, "root", 1);
    await store.namespace("n").set(ctx, "own", 1);
    assert.deepEqual(await store.keys(ctx), ["root"]);
    assert.deepEqual(await store.namespace("n").keys(ctx), ["own"]);
    assert.deepEqual(await collect(store.scan(ctx)), [await store.getEntry(ctx, "root")]);
    assert.equal(await store.size(ctx), 1);
  });

  list.it("is flat: a namespace of a namespace is one of the store", async ({ store, ctx }) => {
    await store.namespace("a").namespace("b").set(ctx, "key", 1);
    assert.equal(await store.namespace("b").get(ctx, "key"), 1);
    assert.equal(await store.namespace("a").namespace("").exists(ctx, "key"), false);
  });

  list.it("takes the empty name for the root", async ({ store, ctx }) => {
    await store.namespace("").set(ctx, "key", 1);
    assert.equal(await store.get(ctx, "key"), 1);
  });

  list.it("lets a transaction live in the namespace it was begun on", async ({ store, ctx }) => {
    const space = store.namespace("n");
    const tx = await space.beginTransaction(ctx);
    await tx.set("key", 1);
    assert.deepEqual(await tx.keys(), ["key"]);
    await tx.commit();
    assert.equal(await space.get(ctx, "key"), 1);
    assert.equal(await store.exists(ctx, "key"), false);
    await space.transact(ctx, (inner) => inner.delete("key"));
    assert.equal(await space.size(ctx), 0);
  });

  list.it("names the namespace in its errors", async ({ store, ctx }) => {
    const error = await rejects(() => store.namespace("né\n").get(ctx, "key"), {
      reason: "absent",
      namespace: "né\n",
    });
    assert.match(error.message, /"key" in namespace "né\\n"/);
    await rejects(() => store.get(ctx, "key"), { reason: "absent", namespace: "" });
  });

  list.it("keeps the cache of namespaces apart from the root's keys", async ({ store, ctx }) => {
    await store.namespace("user").set(ctx, "x", 1);
    await rejects(() => store.get(ctx, "user\0x"), "invalid-key");
    await rejects(() => store.getOr(ctx, "user\0x", 0), "invalid-key");
    await rejects(() => store.exists(ctx, "user\0x"), "invalid-key");
    await rejects(() => store.getBatch(ctx, ["user\0x"]), "invalid-key");
  });

  list.onUnopened("gives views that work as long as the store is open", async (rig) => {
    const { store, ctx } = rig;
    const space = store.namespace("early");
    await rejects(() => space.set(ctx, "a", 1), "not-open");
    await store.start(ctx);
    await space.set(ctx, "a", 1);
    await store.stop(ctx);
    await rejects(() => space.get(ctx, "a"), "closed");
    await store.start(ctx);
    assert.equal(await space.exists(ctx, "a"), list.harness.persistent);
  });
}

const GOOD_NAMES = [
  ...HOSTILE_KEYS.filter((key) => Buffer.byteLength(key) <= 128),
  "x".repeat(128),
  "€".repeat(42),
];

const BAD_NAMES: readonly [title: string, name: string][] = [
  ["U+0000", "a\0b"],
  ["a lone surrogate", "\udc00"],
  ["129 bytes", "x".repeat(129)],
  ["129 bytes of 43 units", "€".repeat(43)],
];

function nameCases(list: StorageCaseList): void {
  list.it("takes any text for a name, and lists it exactly", async ({ store, ctx }) => {
    for (const name of GOOD_NAMES) await store.namespace(name).set(ctx, "key", name);
    for (const name of GOOD_NAMES) assert.equal(await store.namespace(name).get(ctx, "key"), name);
    assert.deepEqual(await store.listNamespaces(ctx), [...GOOD_NAMES].sort(compareKeys));
  });

  for (const [title, name] of BAD_NAMES) {
    list.it(`refuses a name with ${title}`, async ({ store, ctx }) => {
      const expected = { reason: "invalid-namespace", namespace: name, retryable: false } as const;
      const error = await rejects(async () => store.namespace(name), {
        ...expected,
        operation: "namespace",
        code: 5001,
      });
      assert.match(error.message, /^namespace (".*"…? )?failed: a namespace /);
      await rejects(() => store.clearNamespace(ctx, name), {
        ...expected,
        operation: "clearNamespace",
        code: 5002,
      });
    });
  }

  list.it("takes a name that is no text for a mistake", async ({ store, ctx }) => {
    for (const name of [undefined, null, 1, {}]) {
      await misuses(() => store.namespace(name as string), /namespace must be a string/);
      await misuses(() => store.clearNamespace(ctx, name as string), /namespace must be a string/);
    }
  });
}

function listingCases(list: StorageCaseList): void {
  list.it("lists the namespaces with live keys, the root among them when it has some", async (rig) => {
    const { store, ctx } = rig;
    assert.deepEqual(await store.listNamespaces(ctx), []);
    await store.namespace("b").set(ctx, "key", 1);
    await store.namespace("a").set(ctx, "key", 1, 1000);
    assert.deepEqual(await store.listNamespaces(ctx), ["a", "b"]);
    await store.set(ctx, "key", 1);
    assert.deepEqual(await store.listNamespaces(ctx), ["", "a", "b"]);
    await rig.passEverywhere(1000);
    assert.deepEqual(await store.listNamespaces(ctx), ["", "b"]);
    await store.namespace("b").delete(ctx, "key");
    await store.delete(ctx, "key");
    assert.deepEqual(await store.listNamespaces(ctx), []);
  });

  list.it("lists a thousand namespaces in order", async ({ store, ctx }) => {
    const names = Array.from({ length: 1000 }, (_, i) => `n${String(i).padStart(4, "0")}`);
    await Promise.all(names.map((name) => store.namespace(name).set(ctx, "key", 1)));
    assert.deepEqual(await store.listNamespaces(ctx), names);
    const { namespaces, size } = await store.info(ctx);
    assert.deepEqual({ namespaces, size }, { namespaces: 1000, size: 1000 });
    for (const name of names) assert.equal(await store.clearNamespace(ctx, name), 1);
  });
}

function clearCases(list: StorageCaseList): void {
  list.it("counts the live keys of the namespace it clears, and removes no other", async (rig) => {
    const { store, ctx, strong } = rig;
    const user = store.namespace("user");
    await user.setBatch(ctx, { a: 1, b: 2, c: 3 });
    await user.set(ctx, "dead", 1, 10);
    await store.namespace("user2").set(ctx, "a", "kept");
    await store.set(ctx, "a", "kept");
    await rig.passEverywhere(10);
    assert.equal(await user.clear(ctx), 3);
    assert.equal(await user.clear(ctx), 0);
    assert.deepEqual(await user.getBatch(ctx, ["a", "b", "c"]), new Map());
    assert.deepEqual(await user.getBatch(strong, ["a", "b", "c"]), new Map());
    assert.equal(await store.namespace("user2").get(ctx, "a"), "kept");
    assert.equal(await store.get(ctx, "a"), "kept");
  });

  list.it("clears a namespace by its name, also the root", async ({ store, ctx }) => {
    await store.namespace("user").setBatch(ctx, { a: 1, b: 2 });
    await store.set(ctx, "a", 1);
    assert.equal(await store.clearNamespace(ctx, "user"), 2);
    assert.equal(await store.clearNamespace(ctx, "absent"), 0);
    assert.equal(await store.clearNamespace(ctx, ""), 1);
    assert.deepEqual(await store.listNamespaces(ctx), []);
  });

  list.it("takes a clear and a set one after the other", async ({ store, ctx }) => {
    await store.setBatch(ctx, { a: 1, b: 1 });
    const [, removed] = await Promise.all([store.set(ctx, "c", 1), store.clear(ctx), store.set(ctx, "d", 1)]);
    assert.equal(removed, 3);
    assert.deepEqual(await store.keys(ctx), ["d"]);
  });
}
