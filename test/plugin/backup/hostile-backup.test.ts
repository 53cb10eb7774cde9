import { expect } from "chai";
import { mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { background } from "../../../src/index.js";
import { KIND } from "../../../src/core/key.js";
import {
  decodeManifest,
  encodeManifest,
  sha256,
  type BackupManifest,
} from "../../../src/plugin/backup/backup-manifest.js";
import { RESTORE_MARKER } from "../../../src/plugin/marks.js";
import { LineSealer } from "../../../src/plugin/backup/checked-lines.js";
import { StoreProcess } from "../../support/store-process.js";
import { BackupRig, thrownBy } from "./backup-rig.js";
import type { RestoreTask, RestoreVerdict } from "./restoring-process.js";

const ctx = background();
const PROGRAM = new URL("restoring-process.ts", import.meta.url);
const MIB = 1024 * 1024;
/** Node itself, this package and its modules take some 100 MiB of it. */
const MOST_MEMORY = 450 * MIB;

describe("a backup that somebody wrote to do harm", () => {
  let rig: BackupRig;
  let manifest: BackupManifest;

  beforeEach(async () => {
    rig = new BackupRig();
    await rig.open();
    await rig.source.set(ctx, "a", 1);
    await rig.backup("bad");
    ({ manifest } = decodeManifest(await readFile(rig.path("bad/manifest.ndjson")), "manifest"));
  });
  afterEach(() => rig.close());

  /** Gives the one segment other bytes, and the manifest what vouches for them. */
  async function forgeSegment(stored: Buffer, seal: object = {}): Promise<void> {
    const [first] = manifest.namespaces;
    const sizes = { bytes: stored.length, storedBytes: stored.length, sha256: sha256(stored) };
    const segments = [{ ...first?.segments[0], ...sizes, ...seal }];
    await forgeManifest({ namespaces: [{ ...first, segments }] });
    await writeFile(rig.path("bad/00001.ndjson"), stored);
  }

  async function forgeManifest(changes: object): Promise<void> {
    const { bytes } = encodeManifest({ ...manifest, ...changes });
    await writeFile(rig.path("bad/manifest.ndjson"), bytes);
  }

  /** The lines of a segment, sealed as they should be. */
  function segment(records: readonly string[]): Buffer {
    const sealer = new LineSealer();
    const place = { holdfast: "segment", format: 1, backup: manifest.id, segment: 1, namespace: "" };
    return Buffer.concat([JSON.stringify(place), ...records].map((json) => sealer.seal(json)));
  }

  /** The lines of a manifest, sealed as they should be, with its digest. */
  function manifestOf(...lines: readonly string[]): Buffer {
    const sealer = new LineSealer();
    const { namespaces: _namespaces, ...about } = manifest;
    const head = JSON.stringify({ holdfast: "backup", format: 1, ...about });
    const sealed = Buffer.concat([head, ...lines].map((json) => sealer.seal(json)));
    return Buffer.concat([sealed, sealer.seal(JSON.stringify({ end: 1, sha256: sha256(sealed) }))]);
  }

  async function refusal(): Promise<string> {
    const error = await thrownBy(rig.target.restore(ctx, rig.path("bad")));
    expect(error).to.include({ code: 5003 });
    expect(rig.writes).to.equal(0);
    return (error as Error).message;
  }

  it("is refused with keys that no store may hold, for nobody could ever remove them", async () => {
    const keys = ["", "a\0b", "\0zz", "x".repeat(1025), `${KIND.item}${"x".repeat(1535)}`, "\ud800"];
    for (const key of keys) {
      const put = { put: key, version: "v", type: 1, codec: 1 };
      for (const record of [
        JSON.stringify({ delete: key }),
        `${JSON.stringify(put).slice(0, -1)},"value":1}`,
      ]) {
        const stored = segment([record]);
        await forgeSegment(stored, { lines: 2 });
        expect(await refusal(), record.slice(0, 60)).to.include("line 2");
      }
    }
  });

  it("is refused with namespaces that no store may have, and with one twice", async () => {
    const [first] = manifest.namespaces;
    for (const namespace of ["a\0b", "x".repeat(129), "\ud800"]) {
      await forgeManifest({ namespaces: [{ ...first, namespace }] });
      expect(await refusal()).to.include("manifest.ndjson");
    }
    await forgeManifest({ namespaces: [first, { ...first, segments: [] }] });
    expect(await refusal()).to.include("manifest.ndjson");
  });

  it("is refused with deadlines that are no moments, and data that is none", async () => {
    const records = [
      '{"put":"a","version":"v","type":1,"codec":1,"expiresAt":1e300,"value":1}',
      '{"put":"a","version":"v","type":1,"codec":1,"expiresAt":-1,"value":1}',
      '{"put":"a","version":"v","type":1,"codec":1,"text":1}',
      '{"put":"a","version":"v","type":1,"codec":1,"text":"a","text":"b"}',
      '{"put":"a","version":"v","type":1,"codec":2,"base64":"*"}',
    ];
    for (const record of records) {
      await forgeSegment(segment([record]), { lines: 2 });
      expect(await refusal(), record).to.include("line 2");
    }
  });

  it("takes the mark of its own restore away no more than another one does", async () => {
    const removals = [
      '{"delete":"\\u0000mrestore"}',
      '{"deleteRange":[""]}',
      '{"deleteRange":["\\u0000m","a"]}',
    ];
    const put = '{"put":"b","version":"v","type":1,"codec":1,"value":1}';
    await forgeSegment(segment([...removals, put]), { lines: 5 });
    const marked: boolean[] = [];
    rig.targetTap.afterCommit = async () => {
      const { entries } = await rig.backends.target.read(ctx, "", [RESTORE_MARKER], { want: "headers" });
      marked.push(entries[0] !== undefined);
    };
    await rig.target.restore(ctx, rig.path("bad"));
    expect(marked.slice(0, -1)).to.not.include(false);
    expect(marked.at(-1)).to.equal(false);
    await forgeSegment(segment([removals[0] as string, put]), { lines: 3 });
    marked.length = 0;
    await rig.target.restore(ctx, rig.path("bad"), { replace: true });
    expect(marked).to.deep.equal([true, true, false]);
  });

  it("is refused when its base is a path, whichever way it is written", async () => {
    const digest = "0".repeat(64);
    for (const folder of ["..", ".", "../other", "/etc", "a\\b", "a/b", ""]) {
      await forgeManifest({ base: { id: "x", folder, digest } });
      expect(await refusal(), folder).to.include("manifest.ndjson");
    }
  });

  it("is refused with a folder in the place of a file", async () => {
    await rm(rig.path("bad/00001.ndjson"));
    await mkdir(rig.path("bad/00001.ndjson"));
    const { size } = await stat(rig.path("bad/00001.ndjson"));
    const [first] = manifest.namespaces;
    await forgeManifest({
      namespaces: [{ ...first, segments: [{ ...first?.segments[0], storedBytes: size }] }],
    });
    expect(await refusal()).to.include("it is a folder");
  });

  it("is no other backup for files that do not belong to it", async () => {
    for (const name of ["00002.ndjson", "00001.ndjson.gz", "..%2fmanifest", ".hidden"])
      await writeFile(rig.path(`bad/${name}`), "not mine");
    await rig.target.restore(ctx, rig.path("bad"));
    expect(await rig.target.find(ctx, "*")).to.deep.equal(new Map([["a", 1]]));
  });

  it("is refused as soon as a manifest counts more than there is", async () => {
    const [first] = manifest.namespaces;
    const [seal] = first?.segments ?? [];
    for (const huge of [{ lines: 1e12 }, { bytes: 1e12 }, { storedBytes: 1e12 }, { bytes: 2 ** 52 }]) {
      await forgeManifest({ namespaces: [{ ...first, segments: [{ ...seal, ...huge }] }] });
      expect(await refusal(), JSON.stringify(huge)).to.include("00001.ndjson");
    }
    const { segments: _segments, ...about } = first as NonNullable<typeof first>;
    await writeFile(
      rig.path("bad/manifest.ndjson"),
      manifestOf(JSON.stringify({ ...about, segments: 1e12 })),
    );
    expect(await refusal()).to.include("manifest.ndjson");
  });

  describe("is refused in bounded memory", function () {
    this.timeout(180_000);

    /** In a process of its own, whose whole memory is looked at. */
    async function refusedWithin(most: number): Promise<string> {
      const child = new StoreProcess(PROGRAM, { backup: rig.path("bad") } satisfies RestoreTask);
      const { code, message, keys, memory } = await child.next<RestoreVerdict>();
      await child.end();
      expect({ code, keys }, message).to.deep.equal({ code: 5003, keys: 0 });
      expect(memory).to.be.below(most);
      return message;
    }

    it("with a manifest of one line, in which millions of objects stand", async () => {
      const objects = `[${"{},".repeat(12 * MIB)}{}]`;
      await writeFile(rig.path("bad/manifest.ndjson"), objects);
      expect(await refusedWithin(MOST_MEMORY)).to.include("not the manifest of a backup");
      await writeFile(rig.path("bad/manifest.ndjson"), manifestOf(`{"namespace":${objects}}`));
      expect(await refusedWithin(MOST_MEMORY)).to.include("line 2");
    });

    it("with files of many GiB", async () => {
      for (const name of ["manifest.ndjson", "00001.ndjson"]) {
        const whole = await readFile(rig.path(`bad/${name}`));
        const file = await open(rig.path(`bad/${name}`), "r+");
        await file.truncate(4 * 1024 * MIB);
        await file.close();
        expect(await refusedWithin(256 * MIB)).to.include(name);
        await writeFile(rig.path(`bad/${name}`), whole);
      }
    });

    it("with a record in whose header millions of objects stand", async () => {
      const objects = `[${"{},".repeat(12 * MIB)}{}]`;
      for (const record of [`{"delete":${objects}}`, `{"put":"a","x":${objects},"value":1}`]) {
        await forgeSegment(segment([record]), { lines: 2 });
        expect(await refusedWithin(MOST_MEMORY)).to.include("line 2");
      }
      await forgeSegment(segment([`{"put":"a","version":"v","type":1,"codec":1,"text":"","x":${objects}}`]), {
        lines: 2,
      });
      expect(await refusedWithin(MOST_MEMORY)).to.include("line 2");
    });

    it("with millions of records in one segment", async () => {
      const records = Array.from({ length: 400_000 }, () => '{"delete":"a"}');
      const stored = segment(records);
      await forgeSegment(stored, { lines: records.length + 1 });
      expect(await refusedWithin(MOST_MEMORY)).to.include("more lines than were ever written");
    });
  });
});
