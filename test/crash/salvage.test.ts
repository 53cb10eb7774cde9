import { expect } from "chai";
import { DamageFault } from "../../src/backends/file/damage-fault.js";
import { compress } from "../../src/backends/file/snapshot-compression.js";
import type { FileSystem } from "../../src/core/file-system.js";
import { trySalvageFlips, WANDERING } from "./salvage-flips.js";
import {
  continued,
  salvage,
  sampleStore,
  type SalvagedEntry,
  type SalvageResult,
  type SampleStore,
} from "./salvage-store.js";
import { PATH } from "./simulated-store.js";

describe("salvaging a store of files", () => {
  let sample: SampleStore;
  let final: readonly SalvagedEntry[];
  /** One part, and the journals. */
  let part: string;
  let firstJournal: string;
  let secondJournal: string;

  before(async () => {
    sample = await sampleStore();
    final = sample.states.at(-1) ?? [];
    const paths = [...sample.files.keys()].sort();
    [part = ""] = paths.filter((path) => path.includes(".part-"));
    [firstJournal = "", secondJournal = ""] = paths.filter((path) => path.includes(".journal-"));
    expect(paths).to.have.length(5);
  });

  const bytesOf = (path: string) => Buffer.from(sample.files.get(path) as Uint8Array);
  const withFile = (path: string, bytes: Uint8Array) => salvage(new Map([...sample.files, [path, bytes]]));
  const without = (path: string) => salvage(new Map([...sample.files].filter(([name]) => name !== path)));
  const missing = ({ entries }: SalvageResult) => {
    const there = new Set(entries.map(({ name }) => name));
    return final.map(({ name }) => name).filter((name) => !there.has(name));
  };
  /** Flips a bit of the byte that stands `offset` after the beginning of a text. */
  const flip = (path: string, before: string, offset = 0, bit = 1) => {
    const bytes = bytesOf(path);
    const at = bytes.indexOf(before) + offset;
    expect(at, before).to.be.at.least(offset);
    bytes[at] = (bytes[at] as number) ^ bit;
    return bytes;
  };
  const expectRest = ({ entries }: SalvageResult, gone: readonly string[]) =>
    expect(entries).to.deep.equal(final.filter(({ name }) => !gone.includes(name)));

  it("gives everything when nothing is damaged, and finds nothing wrong", async () => {
    expect(await salvage(sample.files)).to.deep.equal({ entries: final, lost: [], problems: [] });
  });

  it("with a bit of any byte flipped gives nothing that was not committed, and tells every loss", async () => {
    const totals = await trySalvageFlips(sample, [WANDERING]);
    expect(totals.failures).to.deep.equal([]);
    expect(totals.rounds).to.be.above(2500);
    expect(totals.uncovered).to.be.within(1, 13 + 22);
  }).timeout(120_000);

  it("loses the one value that is damaged, and names its key", async () => {
    const result = await withFile(PATH, flip(PATH, '"root"', 2));
    expect(result.lost).to.deep.equal(["/kept"]);
    expectRest(result, ["/kept"]);
    expect(result.problems).to.have.length(2);
    expect(result.problems[0]).to.include("5 of the 6 entries that it held are whole");
    expect(result.problems[1]).to.include("the line is damaged");
  });

  it("makes up for a loss with what a journal says of the key", async () => {
    const result = await withFile(PATH, flip(PATH, '["","a",', 10));
    expect(result.lost).to.deep.equal([]);
    expectRest(result, []);
    expect(result.problems).to.have.length(1);
  });

  it("names a key that is damaged as it stands there, unless it is another's", async () => {
    const other = await withFile(PATH, flip(PATH, '"kept"', 1));
    expect(other.lost).to.deep.equal(["/jept"]);
    expectRest(other, ["/kept"]);
    // user:2 becomes user:3.
    const taken = await withFile(part, flip(part, '"user:2"', 6));
    expect(taken.lost).to.deep.equal([]);
    expectRest(taken, ["users/user:2"]);
    expect(taken.problems.join()).to.match(/6 of the 7 entries/);
  });

  it("loses both lines when the newline between them is damaged, and only those", async () => {
    const result = await withFile(PATH, flip(PATH, '["","kept"', -1, 2));
    expectRest(result, ["/b*", "/kept"]);
    expect(result.problems.join()).to.include("4 of the 6 entries");
  });

  it("loses nothing to a damaged comma between two lines, but tells it", async () => {
    const result = await withFile(PATH, flip(PATH, '["","kept"', -2));
    expectRest(result, []);
    expect(result.problems).to.have.length(1);
  });

  it("loses nothing to a damaged footer, whose parts it finds by their names", async () => {
    for (const damaged of [flip(PATH, '"parts"'), flip(PATH, '],"parts"'), flip(PATH, '"bytes":734', 8)]) {
      const result = await withFile(PATH, damaged);
      expectRest(result, []);
      expect(result.problems.join()).to.match(/storage\.json, byte \d+: .* entries/);
    }
  });

  it("tells that a deadline may be wrong when no line shows the damage", async () => {
    const result = await withFile(PATH, flip(PATH, "1987654321000", 12));
    expect(result.problems).to.have.length(1);
    expect(result.problems[0]).to.include(
      "no line shows the damage, so that one of 1 deadlines may be wrong",
    );
    const past = await withFile(PATH, flip(PATH, "1987654321000", 1, 8));
    expectRest(past, ["users/later"]);
    expect(past.problems[0]).to.include("1 of them have a deadline that has passed");
  });

  it("takes what is whole of a damaged part, and goes on without one that is missing, rubbish or another's", async () => {
    const damaged = await withFile(part, flip(part, '"Zoë 3', 2));
    expect(damaged.lost).to.deep.equal(["users/user:3"]);
    expectRest(damaged, ["users/user:3"]);
    const gone = await without(part);
    // The journals change the others.
    expect(missing(gone)).to.deep.equal(missing(await withFile(part, Buffer.alloc(4096, "\n"))));
    expect(missing(gone)).to.include.members(["users/user:2", "users/user:3"]);
    expect(gone.problems).to.have.length(1);
    expect(gone.problems[0]).to.include("this part of the snapshot is missing; its 7 entries are lost");
    const other =
      [...sample.files.keys()].find((path) => path.endsWith("-2") && path.includes(".part-")) ?? "";
    const foreign = await withFile(part, bytesOf(other));
    expect(foreign.problems.join()).to.include("it is not the part that the snapshot names");
    const both = await withFile(part, flip(other, '"crc":"', 8));
    expect(both.problems.join()).to.include("it is not the part that the snapshot names");
  });

  it("goes on without a part that the disk does not give back", async () => {
    const result = await salvage(sample.files, (fs) =>
      withMethods(fs, {
        readFile: (path) =>
          path === part
            ? Promise.reject(Object.assign(new Error("EIO: i/o error"), { code: "EIO" }))
            : fs.readFile(path),
      }),
    );
    expect(missing(result)).to.deep.equal(missing(await without(part)));
    expect(result.problems.join()).to.include(`${part}, byte 0: it cannot be read; its 7 entries are lost`);
  });

  it("believes neither the clock nor the number of the last frame of a damaged header", async () => {
    const future = await withFile(PATH, flip(PATH, '"now":1', 6, 8));
    expectRest(future, []);
    const number = await withFile(PATH, flip(PATH, '"sequence":7', 11));
    expectRest(number, []);
  });

  it("applies no commits of another store or epoch", async () => {
    for (const mark of ['"store":"', '"epoch":']) {
      const result = await withFile(PATH, flip(PATH, mark, mark.length, 4));
      expect(result.entries.some(({ name }) => name === "/new")).to.equal(false);
      expect(result.problems.length).to.be.above(1);
    }
  });

  it("tells a journal that holds commits beside the chain, and leaves them out", async () => {
    const start = new Map([...sample.files].filter(([path]) => path !== secondJournal));
    const one = await continued(start);
    const other = await continued(new Map([...start, [secondJournal, Buffer.alloc(0)]]));
    const result = await salvage(
      new Map([...one, ...other, [secondJournal, one.get(secondJournal) as Uint8Array]]),
    );
    expect(result.problems).to.have.length(1);
    expect(result.problems[0]).to.include(secondJournal).and.to.include("it holds frames beside the chain");
    expect(result.entries.find(({ name }) => name === "/fork")?.content).to.include("ZyXwVuTsRqP5");
  });

  it("tells rubbish in few problems", async () => {
    const bytes = bytesOf(PATH);
    const from = bytes.indexOf('["","b*"');
    const rubbish = Buffer.concat([bytes.subarray(0, from), Buffer.alloc(1_000_000, "[\n")]);
    const result = await withFile(PATH, rubbish);
    expect(result.problems).to.have.length(2);
    expect(missing(result)).to.include.members(["/b*", "/kept"]);
  });

  it("names at most a thousand damaged lines, and counts the others", async () => {
    const bytes = bytesOf(PATH);
    const from = bytes.indexOf('["","b*"');
    const lines = Array.from({ length: 1500 }, (_, i) => `["","lost:${i}","v1",1,1,0,1,null,null,\t1],\n`);
    const result = await withFile(
      PATH,
      Buffer.concat([bytes.subarray(0, from), Buffer.from(lines.join(""))]),
    );
    expect(result.problems).to.have.length(1 + 1000 + 1);
    expect(result.problems.at(-1)).to.equal("500 more problems are not listed one by one");
    expect(result.lost).to.have.length(1500);
  });

  it("takes every whole line before the end of a snapshot that was cut", async () => {
    const bytes = bytesOf(PATH);
    const result = await withFile(PATH, bytes.subarray(0, bytes.indexOf('"bytes",') + 20));
    expectRest(result, ["users/bytes", "users/later", "users/text"]);
    expect(result.problems.join()).to.include("how many it held cannot be read");
  });

  it("stops at the first damaged frame, also before whole ones and whole journals", async () => {
    const beforeJournals = 7;
    const result = await withFile(firstJournal, flip(firstJournal, '"in the first', 3));
    expect(result.entries).to.deep.equal(sample.states[beforeJournals]);
    expect(result.problems).to.have.length(2);
    expect(result.problems[0]).to.match(
      /journal-\d+, byte \d+: a frame .*; this frame and all commits after it were not/,
    );
    expect(result.problems[1]).to.include(secondJournal).and.to.include("none of its commits was applied");
  });

  it("goes by the snapshot alone, or by the first journal, where a journal is missing or its header damaged", async () => {
    const snapshot = sample.states[6];
    const first = sample.states[9];
    expect((await without(firstJournal)).entries).to.deep.equal(snapshot);
    const rotten = await withFile(firstJournal, flip(firstJournal, '"store"'));
    expect(rotten.entries).to.deep.equal(snapshot);
    expect(rotten.problems).to.have.length(2);
    const second = await withFile(secondJournal, flip(secondJournal, '"store"'));
    expect(second.entries).to.deep.equal(first);
    expect(second.problems).to.have.length(1);
    const cut = await withFile(
      firstJournal,
      bytesOf(firstJournal).subarray(0, bytesOf(firstJournal).lastIndexOf('{"crc"')),
    );
    expect(cut.entries).to.deep.equal(sample.states[8]);
    expect(cut.problems).to.have.length(2);
  });

  it("goes on to the last journal before one that is missing", async () => {
    const files = await continued(sample.files);
    files.delete(secondJournal);
    const { entries, problems } = await salvage(files);
    expect(entries).to.deep.equal(sample.states[9]);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.include("journal-4").and.to.include(secondJournal);
  });

  it("cannot do without the header of the snapshot, and names what can be tried", async () => {
    const damaged = flip(PATH, '"snapshot"', 2);
    const fault = await caught(withFile(PATH, damaged));
    expect(fault).to.be.instanceOf(DamageFault).with.property("file", PATH);
    expect(fault).to.have.property("message").that.includes("no earlier snapshot stands beside it");
    const backup = `${PATH}.backup-1`;
    const advised = await caught(
      salvage(new Map([...sample.files, [PATH, damaged], [backup, bytesOf(PATH)]])),
    );
    expect(advised).to.have.property("message").that.includes(`${backup} is an earlier snapshot`);
  });

  it("refuses a compressed snapshot that cannot be unpacked, and reads one that can", async () => {
    const packed = await compress(flip(PATH, '"root"', 2));
    expectRest(await withFile(PATH, packed), ["/kept"]);
    packed[40] = (packed[40] as number) ^ 1;
    const fault = await caught(withFile(PATH, packed));
    expect(fault)
      .to.be.instanceOf(DamageFault)
      .with.property("message")
      .that.includes("nothing can be salvaged");
  });
});

/** The same file system but for some methods. */
function withMethods(fs: FileSystem, methods: Partial<FileSystem>): FileSystem {
  return new Proxy(fs, {
    get: (target, name) => {
      const own = methods[name as keyof FileSystem];
      if (own !== undefined) return own;
      const method = target[name as keyof FileSystem] as (...args: readonly unknown[]) => unknown;
      return method.bind(target);
    },
  });
}

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
