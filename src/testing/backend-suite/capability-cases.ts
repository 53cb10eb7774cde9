import assert from "node:assert/strict";
import type { CaseList } from "./case-list.js";
import { dropRange, put } from "./rig.js";
import { headKey } from "../../core/key.js";
import { EVERYTHING } from "../../core/range.js";

const EXTENSIONS = ["compact", "verify", "flush", "files"] as const;

/** What a backend declares it does, and what it does not declare is not there. */
export function capabilityCases(list: CaseList): void {
  list.topic("capabilities", () => {
    list.onUnopened("are what the harness expects", async (rig) => {
      assert.deepEqual(rig.backend.info.capabilities, list.capabilities);
    });

    list.onUnopened("come with a name and limits that a stack can be built on", async (rig) => {
      const { name, limits } = rig.backend.info;
      assert.match(name, /^[a-z][a-z0-9-]*$/);
      for (const limit of Object.values(limits)) assert.ok(Number.isSafeInteger(limit) && limit >= 1000);
    });

    list.it("come with a durability that is known once open", async (rig) => {
      assert.ok(["none", "process", "power"].includes(rig.backend.info.durability));
      if (!list.capabilities.persistent) assert.equal(rig.backend.info.durability, "none");
    });

    for (const name of EXTENSIONS) {
      const verb = list.capabilities[name] ? "is there" : "is absent";
      list.onUnopened(`${name} ${verb}, as declared`, async (rig) => {
        assert.equal(typeof rig.backend.extensions[name], list.capabilities[name] ? "function" : "undefined");
      });
    }

    if (list.capabilities.separateNamespaces === true) separateCases(list);
    if (list.capabilities.compact) compactCases(list);
    if (list.capabilities.verify) verifyCases(list);
    if (list.capabilities.flush) flushCases(list);
    if (list.capabilities.files) filesCases(list);
  });
}

function separateCases(list: CaseList): void {
  list.it(
    "calls of different namespaces under way at once are carried out like calls by turns",
    async (rig) => {
      const names = ["", "one", "two", "three"];
      await Promise.all(
        names.map(async (namespace) => {
          for (let i = 0; i < 20; i++) {
            const results = await rig.backend.commit([
              rig.batch({ namespace, writes: [put(`key:${i}`)] }),
              rig.batch({ namespace, checks: [{ key: headKey("absent"), version: "never" }] }),
            ]);
            assert.deepEqual(
              results.map(({ status }) => status),
              ["committed", "conflict"],
            );
          }
        }),
      );
      for (const namespace of names) {
        assert.equal((await rig.position(namespace)).ordinal, 20);
        assert.equal(await rig.count(EVERYTHING, namespace), 20);
      }
    },
  );
}

function compactCases(list: CaseList): void {
  list.it("compact changes nothing that can be read", async (rig) => {
    for (let i = 0; i < 50; i++) await rig.write(put(`key:${i % 10}`, { data: String(i) }));
    const before = await rig.scan(EVERYTHING);
    const position = await rig.position();
    await rig.backend.extensions.compact?.(rig.ctx);
    assert.deepEqual(await rig.scan(EVERYTHING), before);
    assert.deepEqual(await rig.position(), position);
  });

  list.it("compact may run while commits go on", async (rig) => {
    const commits = Array.from({ length: 200 }, (_, i) => rig.write(put(`key:${i}`)));
    await Promise.all([rig.backend.extensions.compact?.(rig.ctx), ...commits]);
    await rig.backend.extensions.compact?.(rig.ctx);
    assert.equal(await rig.count(), 200);
  });

  list.it("compact may be called several times at once, beside commits and verify", async (rig) => {
    const { extensions } = rig.backend;
    for (let round = 0; round < 5; round++) {
      const reports = await Promise.all([
        extensions.compact?.(rig.ctx),
        extensions.verify?.(rig.ctx),
        extensions.compact?.(rig.ctx),
        rig.write(put(`key:${round}`)).then(() => undefined),
        extensions.compact?.(rig.ctx),
        extensions.verify?.(rig.ctx),
      ]);
      assert.deepEqual(
        reports.flatMap((report) => report?.problems ?? []),
        [],
      );
    }
    if (list.capabilities.persistent) await list.reopen(rig);
    assert.equal(await rig.count(), 5);
  });

  list.it("compact works on an empty and on an emptied store", async (rig) => {
    await rig.backend.extensions.compact?.(rig.ctx);
    await rig.write(put("a"));
    await rig.write(dropRange(EVERYTHING));
    await rig.backend.extensions.compact?.(rig.ctx);
    assert.equal(await rig.count(), 0);
  });

  list.it("compact leaves a store that takes a large commit first", async (rig) => {
    const data = "x".repeat(2000);
    await rig.commit({ writes: Array.from({ length: 1000 }, (_, i) => put(`key:${i}`, { data })) });
    await rig.backend.extensions.compact?.(rig.ctx);
    await rig.commit({ writes: [dropRange(EVERYTHING), put("a")] });
    assert.equal(await rig.count(), 1);
  });
}

function verifyCases(list: CaseList): void {
  list.it("verify looks at every entry and finds nothing wrong", async (rig) => {
    await rig.commit({ writes: Array.from({ length: 100 }, (_, i) => put(`key:${i}`)) });
    await rig.commit({ namespace: "other", writes: [put("a")] });
    const report = await rig.backend.extensions.verify?.(rig.ctx);
    assert.deepEqual(report?.problems, []);
    assert.ok((report?.entries ?? 0) >= 101);
  });
}

function flushCases(list: CaseList): void {
  list.it("flush resolves with nothing to do, and after commits", async (rig) => {
    await rig.backend.extensions.flush?.(rig.ctx);
    await rig.write(put("a"));
    await rig.backend.extensions.flush?.(rig.ctx);
    assert.ok(await rig.get("a"));
  });
}

function filesCases(list: CaseList): void {
  list.it("files names what holds the data", async (rig) => {
    await rig.write(put("a", { data: "x".repeat(10_000) }));
    const files = (await rig.backend.extensions.files?.(rig.ctx)) ?? [];
    assert.ok(files.length > 0);
    assert.ok(files.reduce((sum, { bytes }) => sum + bytes, 0) >= 10_000);
  });
}
