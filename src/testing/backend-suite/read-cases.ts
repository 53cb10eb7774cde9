import assert from "node:assert/strict";
import { START } from "../../backends/backend.js";
import { withCancel } from "../../core/context.js";
import { ENTRY_TYPE } from "../../core/entry.js";
import { headKey, KIND } from "../../core/key.js";
import type { CaseList } from "./case-list.js";
import { put, rejects } from "./rig.js";

/** `read`: order, duplicates, absences, what is wanted, and what every answer carries. */
export function readCases(list: CaseList): void {
  list.topic("read", () => {
    list.it("answers an absent key with undefined", async (rig) => {
      assert.equal(await rig.get("absent"), undefined);
    });

    list.it("gives what was put, whole", async (rig) => {
      const id = rig.nextId();
      await rig.commit({ id, writes: [put("a", { data: '{"x":1}', codec: 7 })] });
      const entry = await rig.get("a");
      assert.equal(entry?.key, headKey("a"));
      assert.equal(entry.version, id);
      assert.equal(entry.type, ENTRY_TYPE.value);
      assert.equal(entry.codec, 7);
      assert.equal(textOf(entry.data), '{"x":1}');
      assert.equal(entry.expiresAt, undefined);
      assert.equal(entry.incarnation, undefined);
    });

    list.it("answers in the order asked", async (rig) => {
      await rig.write(put("a"), put("b"), put("c"));
      const { entries } = await rig.backend.read(rig.ctx, "", ["c", "a", "b"].map(headKey));
      assert.deepEqual(
        entries.map((entry) => entry?.key),
        ["c", "a", "b"].map(headKey),
      );
    });

    list.it("keeps a place for each absent key among present ones", async (rig) => {
      await rig.write(put("b"));
      const { entries } = await rig.backend.read(rig.ctx, "", ["a", "b", "c"].map(headKey));
      assert.deepEqual(
        entries.map((entry) => entry?.key),
        [undefined, headKey("b"), undefined],
      );
    });

    list.it("answers a key asked twice twice", async (rig) => {
      await rig.write(put("a"));
      const { entries } = await rig.backend.read(rig.ctx, "", ["a", "x", "a", "x"].map(headKey));
      assert.deepEqual(
        entries.map((entry) => entry?.key),
        [headKey("a"), undefined, headKey("a"), undefined],
      );
    });

    list.it("answers no keys with no entries, a clock and a position", async (rig) => {
      const { position } = await rig.write(put("a"));
      const result = await rig.backend.read(rig.ctx, "", []);
      assert.deepEqual(result.entries, []);
      assert.ok(Number.isFinite(result.now));
      assert.deepEqual(result.position, position);
    });

    list.it("reads 5000 keys at once", async (rig) => {
      const keys = Array.from({ length: 5000 }, (_, i) => `key:${i}`);
      await rig.writeMany(keys.map((key) => put(key)));
      const { entries } = await rig.backend.read(rig.ctx, "", keys.map(headKey));
      assert.deepEqual(
        entries.map((entry) => entry?.key),
        keys.map(headKey),
      );
    });

    list.it("gives headers with everything but the data", async (rig) => {
      const id = rig.nextId();
      const writes = [
        put("a", {
          data: "12345",
          type: ENTRY_TYPE.list,
          incarnation: "i".repeat(22),
          expiry: { in: 60_000 },
        }),
      ];
      const { now } = await rig.commit({ id, writes });
      const { entries } = await rig.backend.read(rig.ctx, "", [headKey("a")], { want: "headers" });
      const [header] = entries;
      assert.equal(header?.key, headKey("a"));
      assert.equal(header.version, id);
      assert.equal(header.type, ENTRY_TYPE.list);
      assert.equal(header.incarnation, "i".repeat(22));
      assert.equal(header.expiresAt, now + 60_000);
      assert.equal(header.size, 5);
    });

    list.it("gives headers in the order asked, absences included", async (rig) => {
      await rig.write(put("a"), put("b"));
      const keys = ["b", "x", "a"].map(headKey);
      const { entries } = await rig.backend.read(rig.ctx, "", keys, { want: "headers" });
      assert.deepEqual(
        entries.map((entry) => entry?.key),
        [headKey("b"), undefined, headKey("a")],
      );
    });

    list.it("gives the size of binary data exactly and of text at least", async (rig) => {
      await rig.write(put("bytes", { data: new Uint8Array(300) }), put("text", { data: "ä€😀" }));
      assert.equal((await rig.get("bytes"))?.size, 300);
      assert.ok(((await rig.get("text"))?.size ?? 0) >= 9);
    });

    list.it("reads what the last commit wrote, as soon as it has resolved", async (rig) => {
      for (let i = 0; i < 50; i++) {
        await rig.write(put("a", { data: `value ${i}` }));
        assert.equal(textOf((await rig.get("a"))?.data), `value ${i}`);
      }
    });

    list.it("does not mix up keys of different kinds", async (rig) => {
      await rig.write(
        { ...put("a"), key: headKey("same"), data: "head" },
        { ...put("a"), key: `${KIND.item}same`, type: ENTRY_TYPE.part, data: "item" },
        { ...put("a"), key: `${KIND.meta}same`, type: ENTRY_TYPE.part, data: "meta" },
      );
      const keys = [`${KIND.meta}same`, headKey("same"), `${KIND.item}same`];
      const { entries } = await rig.backend.read(rig.ctx, "", keys);
      assert.deepEqual(
        entries.map((entry) => textOf(entry?.data)),
        ["meta", "head", "item"],
      );
    });

    list.it("keeps every entry type", async (rig) => {
      for (const type of Object.values(ENTRY_TYPE)) {
        await rig.write(put("a", { type }));
        assert.equal((await rig.get("a"))?.type, type);
      }
    });

    list.it("stands at the start before the first commit", async (rig) => {
      assert.deepEqual(await rig.position(), START);
      assert.deepEqual(await rig.position("never written"), START);
    });

    list.it("stands at the last commit of its namespace after others", async (rig) => {
      const { position } = await rig.write(put("a"));
      await rig.commit({ namespace: "other", writes: [put("a")] });
      assert.deepEqual(await rig.position(), position);
    });

    list.it("rejects under a cancelled context", async (rig) => {
      const [ctx, cancel] = withCancel(rig.ctx);
      cancel();
      await rejects("cancelled", () => rig.backend.read(ctx, "", [headKey("a")]));
    });
  });
}

/** Text of data that a backend may give as text or as bytes of UTF-8. */
export function textOf(data: string | Uint8Array | undefined): string | undefined {
  return data === undefined || typeof data === "string" ? data : Buffer.from(data).toString();
}
