import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { rejects } from "./storage-assertions.js";
import type { StorageCaseList } from "./storage-case-list.js";
import type { StorageRig } from "./storage-rig.js";

const NAMESPACE = "restored";

/** Backups and what they are restored to. Both calls see the backend's contract alone, so one of each is enough here. */
export function backupCases(list: StorageCaseList): void {
  list.topic("backups", () => {
    list.it("are restored as they were, namespaces, kinds of values and times to live", async (rig) => {
      const { store, ctx } = rig;
      const values = {
        number: 1,
        text: 'a,"value":b\n',
        bytes: new Uint8Array([0, 255]),
        date: new Date(0),
        "ä ключ": null,
      };
      await store.setBatch(ctx, values);
      await store.namespace("n").set(ctx, "lives", "long", "1h");
      await inFolder(async (folder) => {
        await store.backup(ctx, join(folder, "first"), { compression: "gzip" });
        await store.setBatch(ctx, { number: 2, later: 1 });
        await store.namespace("other").set(ctx, "later", 1);
        await rejects(() => store.restore(ctx, join(folder, "first")), { reason: "not-empty", code: 5002 });
        await store.restore(ctx, join(folder, "first"), { replace: true });
      });
      assert.deepEqual(Object.fromEntries(await store.find(ctx, "*")), values);
      assert.deepEqual(await store.listNamespaces(ctx), ["", "n"]);
      rig.sameTtl(await store.namespace("n").ttl(ctx, "lives"), 3_600_000);
    });

    list.it("hold each namespace as one of its commits left it, while others write", async (rig) => {
      const { store, ctx } = rig;
      const states = new Map<unknown, string>();
      await store.setBatch(ctx, { a: 100, b: 0, commits: 0 });
      let isRunning = true;
      const writers = [0, 1, 2].map(async () => {
        while (isRunning) {
          await moveSome(rig, states);
          // A backend in memory would never let the files be written.
          await nextTurn();
        }
      });
      await inFolder(async (folder) => {
        const first = join(folder, "first");
        await rig.ended(store.backup(ctx, first));
        await rig.ended(store.backup(ctx, join(folder, "second"), { base: first }));
        isRunning = false;
        await rig.ended(Promise.all(writers));
        for (const name of ["first", "second"]) {
          const into = { from: "", to: NAMESPACE };
          await store.restore(ctx, join(folder, name), { namespace: into, replace: true });
          const held = await store.namespace(NAMESPACE).find(ctx, "*");
          const commits = held.get("commits");
          if (commits !== 0)
            assert.equal(JSON.stringify([...held]), states.get(commits), `${name}: ${String(commits)}`);
        }
      });
    });

    const short = { changes: { retain: { count: 1 } } };
    list.it(
      "go on from an earlier one, also where the change log does not reach back to it",
      async ({ store, ctx }) => {
        await store.setBatch(ctx, { kept: 1, changed: 1, gone: 1 });
        await store.namespace("gone").set(ctx, "key", 1);
        await inFolder(async (folder) => {
          const base = join(folder, "base");
          await store.backup(ctx, base);
          await store.set(ctx, "changed", 2);
          await store.delete(ctx, "gone");
          await store.set(ctx, "new", 3);
          await store.clearNamespace(ctx, "gone");
          const { records, kind } = await store.backup(ctx, join(folder, "next"), { base });
          assert.equal(kind, "incremental");
          assert.ok(records <= 5, `${records} records`);
          await store.restore(ctx, join(folder, "next"), { replace: true });
        });
        assert.deepEqual(Object.fromEntries(await store.find(ctx, "*")), { changed: 2, kept: 1, new: 3 });
        assert.deepEqual(await store.listNamespaces(ctx), [""]);
      },
      short,
    );
  });
}

/** A commit that leaves the sum as it is, and says which one it was. */
async function moveSome({ store, ctx }: StorageRig, states: Map<unknown, string>): Promise<void> {
  const after = await store.transact(
    ctx,
    async (tx) => {
      const held = await tx.find<number>("*");
      const next = new Map(held);
      const commits = (held.get("commits") ?? 0) + 1;
      next
        .set("commits", commits)
        .set("a", 100 - commits)
        .set("b", commits);
      if (commits % 2 === 0) next.delete("b");
      next.set(`key:${commits % 7}`, commits);
      await tx.setBatch(next);
      if (commits % 2 === 0) await tx.delete("b");
      return next;
    },
    { maxAttempts: 10_000 },
  );
  const sorted = [...after].sort(([one], [other]) => (one < other ? -1 : 1));
  states.set(after.get("commits"), JSON.stringify(sorted));
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-backup-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
