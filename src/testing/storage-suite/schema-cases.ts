import assert from "node:assert/strict";
import type { SchemaIssue, SchemaResult, StandardSchema } from "../../plugin/standard-schema.js";
import { collect, misuses, rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";

interface UserInput {
  readonly name: string;
  readonly age?: number;
}

interface User {
  name: string;
  age: number;
}

function check(value: unknown): SchemaResult<User> {
  const { name, age = 0 } = (value ?? {}) as Partial<UserInput>;
  const issues: SchemaIssue[] = [];
  if (typeof name !== "string") issues.push({ message: `bad name ${String(name)}`, path: ["name"] });
  if (typeof age !== "number")
    issues.push({ message: `bad age ${String(age)}`, path: ["deep", { key: "age" }] });
  return issues.length > 0 ? { issues } : { value: { name: name as string, age } };
}

function schema(
  validate: StandardSchema<UserInput, User>["~standard"]["validate"],
): StandardSchema<UserInput, User> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const KINDS: readonly [kind: string, users: StandardSchema<UserInput, User>][] = [
  ["a schema that answers at once", schema(check)],
  ["a schema that answers later", schema(async (value) => check(value))],
];

/** Namespaces with a schema: what does not fit is refused before anything is written. */
export function schemaCases(list: StorageCaseList): void {
  list.topic("schemas", () => {
    for (const [kind, users] of KINDS) kindCases(list, kind, users);
    strangeCases(list);
  });
}

function kindCases(
  list: StorageCaseList,
  kind: string,
  schemaOfUsers: StandardSchema<UserInput, User>,
): void {
  list.it(`stores what ${kind} makes of a value`, async (rig) => {
    const { store, ctx } = rig;
    const users = store.namespace("users", schemaOfUsers);
    await users.set(ctx, "ann", { name: "Ann" });
    await users.setBatch(ctx, { bob: { name: "Bob", age: 2 } }, "1h");
    await users.transact(ctx, async (tx) => {
      await tx.set("cid", { name: "Cid" });
      assert.deepEqual(await tx.get("cid"), { name: "Cid", age: 0 });
      await tx.setBatch({ dan: { name: "Dan", extra: 1 } });
    });
    const ann: User = await users.get(ctx, "ann");
    assert.deepEqual(ann, { name: "Ann", age: 0 });
    assert.deepEqual(
      await users.find(ctx, "*"),
      new Map([
        ["ann", { name: "Ann", age: 0 }],
        ["bob", { name: "Bob", age: 2 }],
        ["cid", { name: "Cid", age: 0 }],
        ["dan", { name: "Dan", age: 0 }],
      ]),
    );
    assert.equal((await collect(users.scan(ctx))).length, 4);
    rig.sameTtl(await users.ttl(ctx, "bob"), 3_600_000);
  });

  list.it(`refuses what does not fit ${kind}; the earlier value stays`, async ({ store, ctx }) => {
    const users = store.namespace("users", schemaOfUsers);
    await users.set(ctx, "ann", { name: "Ann" });
    const wrong = { name: 5, age: "s3cr3t" } as unknown as UserInput;
    const expected = { reason: "invalid-value", code: 5002, namespace: "users", retryable: false } as const;
    const error = await rejects(() => users.set(ctx, "ann", wrong), {
      ...expected,
      key: "ann",
      operation: "set",
    });
    assert.match(error.message, /at name, deep\.age$/);
    assert.doesNotMatch(error.message, /s3cr3t|bad/);
    await rejects(() => users.setBatch(ctx, { new: { name: "x" }, ann: wrong }), {
      ...expected,
      key: "ann",
      operation: "setBatch",
    });
    await users.transact(ctx, async (tx) => {
      await rejects(() => tx.set("ann", wrong), { ...expected, operation: "transaction.set" });
      const named = { ...expected, key: "new", operation: "transaction.setBatch" };
      await rejects(() => tx.setBatch({ new: 1 }), named);
    });
    assert.deepEqual(await users.find(ctx, "*"), new Map([["ann", { name: "Ann", age: 0 }]]));
  });

  list.it(`does not check with ${kind} through another view`, async ({ store, ctx }) => {
    const users = store.namespace("users", schemaOfUsers);
    await store.namespace("users").set(ctx, "odd", 5);
    assert.equal(await (users.get(ctx, "odd") as Promise<unknown>), 5);
  });
}

function strangeCases(list: StorageCaseList): void {
  list.it("takes a value as it was when it was checked", async ({ store, ctx }) => {
    const users = store.namespace(
      "users",
      schema((value) => ({ value: value as User })),
    );
    const user = { name: "Ann", age: 1 };
    const written = users.set(ctx, "ann", user);
    user.name = "changed";
    await written;
    assert.equal((await users.get(ctx, "ann")).name, "Ann");
  });

  list.it("does not let a value out that a schema's error quotes", async ({ store, ctx }) => {
    const cause = new TypeError("cannot read s3cr3t");
    for (const users of [
      store.namespace(
        "users",
        schema(() => {
          throw cause;
        }),
      ),
      store.namespace(
        "users",
        schema(() => Promise.reject(cause)),
      ),
    ]) {
      const error = await rejects(() => users.set(ctx, "ann", { name: "s3cr3t" }), {
        reason: "invalid-value",
        code: 5002,
      });
      assert.doesNotMatch(error.message, /s3cr3t/);
      assert.equal(error.cause, cause);
    }
    assert.equal(await store.namespace("users").size(ctx), 0);
  });

  list.it("refuses what a schema makes when it cannot be stored", async ({ store, ctx }) => {
    const users = store.namespace(
      "users",
      schema(() => ({ value: (() => 1) as unknown as User })),
    );
    await rejects(() => users.set(ctx, "ann", { name: "Ann" }), { reason: "unserializable", code: 5002 });
  });

  list.it("names at most five places, and the top by its name", async ({ store, ctx }) => {
    const issues = Array.from({ length: 7 }, (_, i) => ({ message: "no", path: ["list", i] }));
    const many = store.namespace(
      "many",
      schema(() => ({ issues })),
    );
    const error = await rejects(() => many.set(ctx, "a", { name: "" }), "invalid-value");
    assert.match(error.message, /at list\.0, list\.1, list\.2, list\.3, list\.4 and 2 more$/);
    const top = store.namespace(
      "top",
      schema(() => ({ issues: [{ message: "no" }] })),
    );
    assert.match(
      (await rejects(() => top.set(ctx, "a", { name: "" }), "invalid-value")).message,
      /at its top$/,
    );
  });

  list.it("takes anything else than a Standard Schema for a mistake", async ({ store }) => {
    for (const wrong of [null, 5, {}, { "~standard": {} }, { "~standard": { validate: 1 } }]) {
      await misuses(() => store.namespace("n", wrong as unknown as StandardSchema), /Standard Schema/);
    }
  });
}
