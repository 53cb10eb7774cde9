import { expect } from "chai";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PackedPackage } from "./packed-package.js";

/** Prints the URL of every module that is loaded, one on a line. */
const LOADED_MODULES = `
  import { register } from "node:module";
  const hooks = \`
    import { writeSync } from "node:fs";
    export async function load(url, context, next) {
      writeSync(1, url + "\\\\n");
      return await next(url, context);
    }
  \`;
  register("data:text/javascript," + encodeURIComponent(hooks));
  await import("holdfast");
`;

const ROUND_TRIP = `
  import { background, openStorage } from "holdfast";
  const storage = await openStorage({ backend: "memory" });
  await storage.set(background(), "greeting", { hello: "world" });
  console.log(JSON.stringify(await storage.get(background(), "greeting")));
  await storage.stop(background());
`;

const TYPED_USE = `
  import { background, openStorage, StorageError, type Storage } from "holdfast";
  import { PluginRegistry, token, type Plugin } from "holdfast/plugin";
  import { MemoryManager, type Message } from "holdfast/memory";
  import * as testing from "holdfast/testing";

  const storage: Storage = await openStorage({ backend: "memory" });
  const age: number = await storage.transact(background(), async (tx) => {
    const user = await tx.getOr<{ age: number }, undefined>("user", undefined);
    return user?.age ?? 0;
  });
  const messages: Message[] = await new MemoryManager({ storage }).getMessages(background());
  // @ts-expect-error: a context comes first
  const lost = storage.get("user");
  export { age, lost, messages, PluginRegistry, StorageError, testing, token, type Plugin };
`;

describe("the packed package", function () {
  this.timeout(60_000);
  let packed: PackedPackage;

  before(() => {
    packed = new PackedPackage();
  });

  after(() => {
    packed.remove();
  });

  it("holds what a user needs and nothing else", () => {
    const tops = new Set(packed.files.map((path) => path.replace(/\/.*/, "")));
    const documents = ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"];
    expect([...tops].sort()).to.deep.equal([...documents, "config", "dist", "docs", "package.json"]);
    expect(packed.files.filter((path) => /\.test\.|tsbuildinfo|\.map$/.test(path))).to.deep.equal([]);
  });

  it("says nothing of where it was built", () => {
    for (const path of packed.files.filter((file) => file.startsWith("dist/"))) {
      expect(readFileSync(join(packed.folder, path), "utf8"), path).to.not.match(/\.cache\/|\/build-\d/);
    }
  });

  it("lets every subpath be imported from outside", () => {
    const subpaths = Object.keys(packed.manifest.exports).map((path) =>
      path.replace(/^\./, packed.manifest.name),
    );
    expect(subpaths).to.include.members([
      "holdfast",
      "holdfast/plugin",
      "holdfast/memory",
      "holdfast/testing",
    ]);
    const printed = packed.run(`
      for (const path of ${JSON.stringify(subpaths)}) {
        const options = path.endsWith(".json") ? { with: { type: "json" } } : {};
        const module = await import(path, options);
        console.log(path, Object.keys(module).length > 0);
      }
    `);
    expect(printed.trim().split("\n")).to.deep.equal(subpaths.map((path) => `${path} true`));
  });

  it("exports functions and classes under the names that they have", () => {
    const printed = packed.run(`
      for (const path of ["holdfast", "holdfast/plugin", "holdfast/memory", "holdfast/testing"])
        for (const [name, value] of Object.entries(await import(path)))
          if (typeof value === "function") console.log(name, value.name);
    `);
    const names = printed.trim().split("\n");
    expect(names).to.include.members(["StoragePlugin StoragePlugin", "background background"]);
    expect(names.filter((line) => !/^(\w+) \1$/.test(line))).to.deep.equal([]);
  });

  it("stores and reads in memory", () => {
    expect(packed.run(ROUND_TRIP)).to.equal('{"hello":"world"}\n');
  });

  it("loads no package of others but lru-cache with its root", () => {
    const urls = packed.run(LOADED_MODULES).trim().split("\n");
    const packages = urls.filter((url) => url.includes("/node_modules/")).map(packageOf);
    expect([...new Set(packages)].sort()).to.deep.equal(["holdfast", "lru-cache"]);
  });

  it("loads few files with its root, and nothing of what is seldom called", () => {
    const urls = packed.run(LOADED_MODULES).trim().split("\n");
    const own = urls.filter((url) => packageOf(url) === "holdfast").map((url) => url.split("/").at(-1) ?? "");
    // Each costs a start a third of a millisecond; a build that bundled nothing would load well over a hundred.
    expect(own).to.have.length.within(1, 5);
    expect(own.filter((name) => /^seldom-calls-|-backend-/.test(name))).to.deep.equal([]);
    expect(
      packed.files.filter((path) => /^dist\/(?:seldom-calls|memory-backend)-[\w-]+\.js$/.test(path)),
    ).to.have.lengthOf(2);
  });

  it("brings the command line, which works with what the package depends on", () => {
    const bin = join(packed.folder, packed.manifest.bin.holdfast);
    expect(statSync(bin).mode & 0o111).to.not.equal(0);
    expect(packed.execute(bin, ["--version"])).to.equal(`${packed.manifest.version}\n`);
    const said = packed.execute(bin, ["--backend", "postgres", "doctor"]);
    expect(said).to.match(
      /PROBLEM {2}driver: the backend postgres needs the package pg, which is not installed/,
    );
    expect(said).to.match(/\n +→ npm install "pg@\^[\d.]+"\n1 problem\n$/);
    const missing = packed.execute(bin, ["--backend", "sqlite", "--set", "sqlite.library=libsql", "keys"]);
    expect(missing).to.match(/holdfast: 5001 unsupported: .*npm install libsql/);
  });

  it("gives its types to a strict project, its declarations checked", () => {
    expect(packed.check(TYPED_USE)).to.equal("");
  });

  it("has nothing that publint would warn of", async () => {
    const { messages, pkg } = await publint({ pkgDir: packed.folder, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg as Record<string, unknown>))).to.deep.equal(
      [],
    );
  });
});

/** The package a module belongs to: what follows the last node_modules of its URL. */
function packageOf(url: string): string {
  return (url.split("/node_modules/").at(-1) ?? "").split("/")[0] ?? "";
}
