import assert from "node:assert/strict";
import { withCancel } from "../../core/context.js";
import { headKey, MAX_NAMESPACE_BYTES } from "../../core/key.js";
import { EVERYTHING } from "../../core/range.js";
import type { CaseList } from "./case-list.js";
import { textOf } from "./read-cases.js";
import { del, dropRange, firstOf, put, rejects } from "./rig.js";

/** Names that are near one another, or that have meant something else to a store before. */
const NAMES: readonly (readonly [why: string, name: string])[] = [
  ["the root", ""],
  ["a word", "user"],
  ["a word that begins like another", "user2"],
  ["a word that another begins with", "use"],
  ["another case", "User"],
  ["a colon", "user:1"],
  ["a slash", "user/1"],
  ["a backslash", "user\\1"],
  ["a way out of the folder", "../user"],
  ["a dot", "."],
  ["two dots", ".."],
  ["a hidden folder", ".user"],
  ["a device of Windows", "AUX"],
  ["a prototype", "__proto__"],
  ["a constructor", "constructor"],
  ["a space", " "],
  ["a percent sign of SQL", "us_r%"],
  ["a quote of SQL", "user'; --"],
  ["a hash tag of a cluster", "{user}"],
  ["a star", "*"],
  ["an umlaut, composed", "\u00e9"],
  ["the same umlaut, decomposed", "e\u0301"],
  ["an emoji", "\u{1f600}"],
  ["a character that is none", "\uffff"],
  ["the longest name", "n".repeat(MAX_NAMESPACE_BYTES)],
  ["another of the longest names", `${"n".repeat(MAX_NAMESPACE_BYTES - 1)}m`],
];

/** Namespaces never see each other's keys, and are listed exactly while they hold something. */
export function namespaceCases(list: CaseList): void {
  list.topic("namespaces", () => {
    for (const [why, name] of NAMES) {
      list.it(`keep to themselves: ${why}`, async (rig) => {
        for (const [, namespace] of NAMES) {
          await rig.commit({ namespace, writes: [put("same", { data: `in ${namespace}` }), put("other")] });
        }
        assert.equal(textOf((await rig.get("same", name))?.data), `in ${name}`);
        const { removed } = await rig.commit({ namespace: name, writes: [dropRange(EVERYTHING)] });
        assert.equal(removed, 2);
        for (const [, namespace] of NAMES) {
          assert.equal(await rig.count(EVERYTHING, namespace), namespace === name ? 0 : 2);
        }
        const others = NAMES.map(([, namespace]) => namespace).filter((namespace) => namespace !== name);
        assert.deepEqual((await rig.namespaces()).sort(), others.sort());
      });
    }

    list.it("are none in an empty store", async (rig) => {
      assert.deepEqual(await rig.namespaces(), []);
    });

    list.it("are listed once each", async (rig) => {
      for (let i = 0; i < 3; i++) {
        for (const namespace of ["b", "a", ""]) await rig.commit({ namespace, writes: [put(`key:${i}`)] });
      }
      assert.deepEqual((await rig.namespaces()).sort(), ["", "a", "b"]);
    });

    list.it("are not listed for reading them", async (rig) => {
      assert.equal(await rig.get("a", "read"), undefined);
      assert.deepEqual(await rig.keys(EVERYTHING, {}, "scanned"), []);
      assert.deepEqual(await rig.changes(undefined, 10, "followed"), []);
      assert.deepEqual(await rig.namespaces(), []);
    });

    list.it("are not listed for a conflict", async (rig) => {
      const checks = [{ key: headKey("a"), version: "never" }];
      await rig.conflicts({ namespace: "conflicted", checks, writes: [put("a")] });
      assert.deepEqual(await rig.namespaces(), []);
    });

    list.it("are no longer listed when their last key is deleted", async (rig) => {
      await rig.commit({ namespace: "gone", writes: [put("a"), put("b")] });
      await rig.commit({ namespace: "gone", writes: [del("a")] });
      assert.deepEqual(await rig.namespaces(), ["gone"]);
      await rig.commit({ namespace: "gone", writes: [del("b")] });
      assert.deepEqual(await rig.namespaces(), []);
    });

    list.it("are listed by the thousand", async (rig) => {
      const names = Array.from({ length: 1100 }, (_, i) => `ns:${String(i).padStart(4, "0")}`);
      await rig.backend.commit(names.map((namespace) => rig.batch({ namespace, writes: [put("a")] })));
      assert.deepEqual((await rig.namespaces()).sort(), names);
    });

    list.it("may come and go while they are listed", async (rig) => {
      const names = Array.from({ length: 1100 }, (_, i) => `ns:${i}`);
      await rig.backend.commit(names.map((namespace) => rig.batch({ namespace, writes: [put("a")] })));
      const seen: string[] = [];
      for await (const page of rig.backend.namespaces(rig.ctx)) {
        seen.push(...page);
        await rig.commit({ namespace: `new:${seen.length}`, writes: [put("a")] });
      }
      assert.equal(new Set(seen).size, seen.length, "each name once");
      const found = new Set(seen);
      assert.ok(names.every((name) => found.has(name)));
    });

    list.it("check and conflict apart", async (rig) => {
      const { position } = await rig.commit({ namespace: "one", writes: [put("a")] });
      await rig.conflicts({ namespace: "two", checks: [{ key: headKey("a"), version: position.id }] });
      await rig.commit({
        namespace: "two",
        checks: [{ key: headKey("a"), version: null }],
        writes: [put("a")],
      });
      await rig.commit({ namespace: "one", checks: [{ key: headKey("a"), version: position.id }] });
    });

    list.it("reject to be listed under a cancelled context", async (rig) => {
      const [ctx, cancel] = withCancel(rig.ctx);
      cancel();
      await rejects("cancelled", () => firstOf(rig.backend.namespaces(ctx)));
    });
  });
}
