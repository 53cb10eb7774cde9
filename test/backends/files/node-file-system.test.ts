import { constants } from "node:fs";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { errorCode } from "../../../src/backends/files/file-errors.js";
import { nodeFileSystem as fs } from "../../../src/backends/files/node-file-system.js";
import { writeFully } from "../../../src/backends/files/write-fully.js";

const modeOf = async (path: string) => (await lstat(path)).mode & 0o777;
const codeFrom = (call: Promise<unknown>) =>
  call.then(
    () => "no error",
    (error: unknown) => errorCode(error),
  );

/** How this process has opened a file. */
async function flagsOf(path: string): Promise<number> {
  for (const descriptor of await readdir("/proc/self/fd")) {
    const target = await readlink(`/proc/self/fd/${descriptor}`).catch(() => undefined);
    if (target !== path) continue;
    const info = await readFile(`/proc/self/fdinfo/${descriptor}`, "utf8");
    return Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? "", 8);
  }
  throw new Error(`${path} is not open`);
}

describe("nodeFileSystem", () => {
  let folder: string;
  const at = (name: string) => join(folder, name);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-fs-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("makes folders for the user alone, parents included", async () => {
    await fs.makeDir(at("a/b/c"));
    expect(await modeOf(at("a"))).to.equal(0o700);
    expect(await modeOf(at("a/b/c"))).to.equal(0o700);
    await fs.makeDir(at("a/b/c"));
  });

  it("gives up where a folder cannot be made", async () => {
    await writeFile(at("file"), "");
    expect(await codeFrom(fs.makeDir(at("file/folder")))).to.equal("ENOTDIR");
    if (process.platform === "linux")
      expect(await codeFrom(fs.makeDir("/proc/holdfast/a"))).to.equal("ENOENT");
  });

  it("makes files for the user alone, and never over another", async () => {
    const file = await fs.open(at("new"), "create");
    await file.close();
    expect(await modeOf(at("new"))).to.equal(0o600);
    expect(await codeFrom(fs.open(at("new"), "create"))).to.equal("EEXIST");
  });

  it("follows no symbolic link when it creates, writes or reads", async () => {
    await writeFile(at("victim"), "untouched");
    await symlink(at("victim"), at("link"));
    expect(await codeFrom(fs.open(at("link"), "create"))).to.equal("EEXIST");
    expect(await codeFrom(fs.open(at("link"), "update"))).to.equal("ELOOP");
    expect(await codeFrom(fs.readFile(at("link")))).to.equal("ELOOP");
    await fs.unlink(at("link"));
    expect(await readFile(at("victim"), "utf8")).to.equal("untouched");
  });

  it("replaces a file with one for the user alone, whatever the former allowed", async () => {
    await writeFile(at("file"), "old");
    await chmod(at("file"), 0o644);
    await fs.replaceFile(at("file"), Buffer.from("new"));
    expect(await readFile(at("file"), "utf8")).to.equal("new");
    expect(await modeOf(at("file"))).to.equal(0o600);
    expect(await fs.readdir(folder)).to.deep.equal(["file"]);
  });

  it("writes at an offset, cuts, syncs and tells the size", async () => {
    const file = await fs.open(at("file"), "create");
    await writeFully(file, Buffer.from("hello world"), 0);
    await writeFully(file, Buffer.from("W"), 6);
    await file.truncate(8);
    await file.sync();
    await file.datasync();
    await file.close();
    await fs.syncDir(folder);
    expect(Buffer.from(await fs.readFile(at("file"))).toString()).to.equal("hello Wo");
    expect(await fs.size(at("file"))).to.equal(8);
  });

  it("opens a file so that every write is a sync too, where that is asked for", async function () {
    if (process.platform !== "linux") return this.skip();
    const synced = await fs.open(at("synced"), "create", "durable");
    await writeFully(synced, Buffer.from("content"), 0);
    const plain = await fs.open(at("plain"), "create");
    expect((await flagsOf(at("synced"))) & constants.O_DSYNC).to.equal(constants.O_DSYNC);
    expect((await flagsOf(at("plain"))) & constants.O_DSYNC).to.equal(0);
    await synced.close();
    await plain.close();
    expect(Buffer.from(await fs.readFile(at("synced"))).toString()).to.equal("content");
  });

  it("gives the system's own codes", async () => {
    await mkdir(at("folder"));
    expect(await codeFrom(fs.readFile(at("absent")))).to.equal("ENOENT");
    expect(await codeFrom(fs.open(at("absent"), "update"))).to.equal("ENOENT");
    expect(await codeFrom(fs.readFile(at("folder")))).to.equal("EISDIR");
    await writeFile(at("file"), "");
    expect(await codeFrom(fs.link(at("file"), at("folder")))).to.equal("EEXIST");
  });
});

describe("writeFully", () => {
  const fileThatWrites = (counts: number[], written: Buffer) => ({
    write: async (bytes: Uint8Array, position: number) => {
      const count = Math.min(bytes.length, counts.shift() ?? 0);
      written.set(bytes.subarray(0, count), position);
      return count;
    },
    truncate: async () => undefined,
    sync: async () => undefined,
    datasync: async () => undefined,
    close: async () => undefined,
  });

  it("goes on after short writes", async () => {
    const written = Buffer.alloc(10);
    await writeFully(fileThatWrites([1, 3, 100], written), Buffer.from("12345678"), 2);
    expect(written.toString("latin1")).to.equal("\0\x0012345678");
  });

  it("gives up when nothing is written", async () => {
    expect(await codeFrom(writeFully(fileThatWrites([2], Buffer.alloc(4)), Buffer.from("1234"), 0))).to.equal(
      "EIO",
    );
  });
});
