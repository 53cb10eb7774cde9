import { expect } from "chai";
import { SimulatedFileSystem } from "../../src/testing/simulated-file-system.js";

const CONTENT = Buffer.from("content");
const never = () => false;
const always = () => true;

async function written(fs: SimulatedFileSystem, path: string): Promise<void> {
  const file = await fs.open(path, "create", "durable");
  await file.write(CONTENT, 0);
  await file.close();
}

function namesIn(fs: SimulatedFileSystem): string[] {
  return [...fs.contents().keys()].sort();
}

describe("a simulated disk after a power cut", () => {
  let fs: SimulatedFileSystem;

  beforeEach(async () => {
    fs = new SimulatedFileSystem();
    await written(fs, "/from/new");
    await fs.rename("/from/new", "/to/file");
  });

  it("may hold both names of a file that was moved, until the folder is synced that it came from", async () => {
    await fs.syncDir("/to");
    expect(namesIn(fs.powerCut(always))).to.deep.equal(["/from/new", "/to/file"]);
    await fs.syncDir("/from");
    expect(namesIn(fs.powerCut(always))).to.deep.equal(["/to/file"]);
    expect(namesIn(fs.powerCut(never))).to.deep.equal(["/to/file"]);
  });

  it("holds one name of a file that was moved, whichever folder was synced", async () => {
    await fs.syncDir("/from");
    expect(namesIn(fs.powerCut(never))).to.deep.equal(["/from/new"]);
    expect(namesIn(fs.powerCut(always))).to.deep.equal(["/to/file"]);
  });

  it("has forgotten a name that was taken away before its folder was synced", async () => {
    await written(fs, "/to/gone");
    await fs.unlink("/to/gone");
    await fs.syncDir("/to");
    expect(namesIn(fs.powerCut(never))).to.deep.equal(["/to/file"]);
  });

  it("has files of its own, whatever becomes of those that it was cut from", async () => {
    await fs.syncDir("/to");
    const [one, other] = [fs.powerCut(never), fs.powerCut(never)];
    const file = await one.open("/to/file", "update", "durable");
    await file.write(Buffer.from("changed"), 0);
    for (const disk of [fs, other]) {
      expect(Buffer.from(await disk.readFile("/to/file"))).to.deep.equal(CONTENT);
    }
  });
});
