import { expect } from "chai";
import { background, openStorage, withCancel } from "../../../src/index.js";
import { FILL_MARKER, RESTORE_MARKER } from "../../../src/plugin/marks.js";
import { valuesOf } from "../../support/store-values.js";
import { BackupRig, thrownBy } from "./backup-rig.js";

const ctx = background();
const MANY = Array.from({ length: 1500 }, (_, i) => i);

describe("the mark of a restore", () => {
  let rig: BackupRig;

  beforeEach(async () => {
    rig = new BackupRig();
    await rig.open();
  });
  afterEach(() => rig.close());

  async function holds(marker: string, namespace = ""): Promise<boolean> {
    const { entries } = await rig.backends.target.read(ctx, namespace, [marker], { want: "headers" });
    return entries[0] !== undefined;
  }

  /** A chain in which the store was emptied, and was itself restored. */
  async function backUpEmptied(): Promise<void> {
    await rig.source.setBatch(ctx, { a: 1, b: 2 });
    await rig.backup("one");
    await rig.source.restore(ctx, rig.path("one"), { replace: true });
    await rig.backup("two", "one");
    await rig.source.clear(ctx);
    await rig.source.setBatch(ctx, { b: 3, c: 4 });
    await rig.backup("three", "two");
  }

  it("stands from the first commit to the last, whatever the backup removed", async () => {
    await backUpEmptied();
    const marked: boolean[] = [];
    rig.targetTap.afterCommit = async () => void marked.push(await holds(RESTORE_MARKER));
    await rig.target.restore(ctx, rig.path("three"));
    expect(marked.length).to.be.above(3);
    expect(marked).to.deep.equal(marked.map((_each, i) => i < marked.length - 1));
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
  });

  it("is there wherever a restore ends early, so that it can be told from a whole one", async () => {
    await backUpEmptied();
    for (let last = 1; ; last++) {
      const [cancelled, cancel] = withCancel(ctx);
      let commits = 0;
      rig.targetTap.afterCommit = () => {
        commits += 1;
        if (commits === last) cancel();
      };
      const restoring = rig.target.restore(cancelled, rig.path("three"), { replace: true });
      const isWhole = await restoring.then(
        () => true,
        () => false,
      );
      if (isWhole) break;
      const { problems } = await rig.target.verify(ctx);
      // The last commit takes the mark away: the answer to it may come too late.
      if (problems.length === 0) expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
      else expect(problems.map(({ reason }) => reason)).to.deep.equal(["truncated"]);
    }
    expect(await rig.target.find(ctx, "*")).to.deep.equal(
      new Map([
        ["b", 3],
        ["c", 4],
      ]),
    );
  });

  it("is in no backup of a store that was restored, nor is that of a copy", async () => {
    await backUpEmptied();
    await rig.backends.source.commit([
      { id: "raw", ctx, namespace: "", checks: [], ranges: [], writes: [mark(FILL_MARKER)] },
    ]);
    await rig.backup("four", "three");
    await rig.target.restore(ctx, rig.path("four"));
    for (const marker of [RESTORE_MARKER, FILL_MARKER]) expect(await holds(marker)).to.equal(false);
  });

  it("keeps compact from taking items for what structures left, whose heads are still to come", async () => {
    await rig.source.list("list").rpush(ctx, ...MANY);
    await rig.backup("one");
    rig.targetTap.afterCommit = () => rig.runtime.advance(250);
    let compacted = 0;
    const onProgress = async () => {
      await rig.target.compact(ctx);
      compacted += 1;
    };
    await rig.target.restore(ctx, rig.path("one"), { onProgress });
    expect(compacted).to.be.above(2);
    expect(await rig.target.list("list").lrange(ctx, 0, -1)).to.deep.equal(MANY);
  });

  it("is refused where nothing was to be written, and left nowhere", async () => {
    await backUpEmptied();
    await rig.target.set(ctx, "mine", 1);
    expect(await thrownBy(rig.target.restore(ctx, rig.path("three")))).to.include({ reason: "not-empty" });
    expect(await holds(RESTORE_MARKER)).to.equal(false);
    await using empty = await openStorage();
    await empty.restore(ctx, rig.path("three"), { dryRun: true });
    expect(await empty.listNamespaces(ctx)).to.deep.equal([]);
  });
});

function mark(key: string) {
  return { kind: "put", key, type: 5, codec: 1, data: "null", expiry: undefined } as const;
}
