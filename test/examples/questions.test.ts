import { expect } from "chai";
import { background, openStorage } from "holdfast";
import { Catalog } from "../../examples/host-app/catalog/catalog.js";
import { readManifest } from "../../examples/host-app/catalog/manifest.js";
import { answerQuestions } from "../../examples/host-app/questions.js";
import { Terminal } from "../../examples/host-app/terminal.js";

const ctx = background();

describe("the catalog of the example", () => {
  it("has answers when there are no packages", async () => {
    await using storage = await openStorage();
    let text = "";
    const stream = { isTTY: false, write: (chunk: string) => (text += chunk) !== "" } as NodeJS.WriteStream;
    await answerQuestions(ctx, new Catalog(storage), new Terminal(stream, {}));
    expect(text).to.include("None: there are no packages");
  });

  it("adds one package twice without counting it twice", async () => {
    await using storage = await openStorage();
    const catalog = new Catalog(storage);
    const found = readManifest({ name: "a", version: "1.0.0", license: "MIT" }, "a/package.json");
    if (found === undefined) throw new Error("the manifest names a package");
    await Promise.all([catalog.addPackage(ctx, found), catalog.addPackage(ctx, found)]);
    expect(await catalog.licenses(ctx)).to.deep.equal([{ name: "MIT", count: 1 }]);
    expect(await storage.get(ctx, "versions:a")).to.deep.equal(["1.0.0"]);
  });

  it("keeps every version when several are added at the same time", async () => {
    await using storage = await openStorage();
    const catalog = new Catalog(storage);
    const versions = Array.from({ length: 20 }, (_, index) => `1.${String(index).padStart(2, "0")}.0`);
    await Promise.all(
      versions.map(async (version) => {
        const found = readManifest({ name: "a", version }, "a/package.json");
        if (found !== undefined) await catalog.addPackage(ctx, found);
      }),
    );
    expect(await storage.get(ctx, "versions:a")).to.deep.equal(versions);
  });

  it("follows dependencies that go in a circle", async () => {
    await using storage = await openStorage();
    const catalog = new Catalog(storage);
    for (const [name, dependency] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const found = readManifest({ name, version: "1.0.0", dependencies: { [dependency]: "*" } }, "");
      if (found !== undefined) await catalog.addPackage(ctx, found);
    }
    expect(await catalog.bringsAlong(ctx, "a@1.0.0")).to.equal(1);
  });

  const manifests: readonly (readonly [string, unknown, unknown])[] = [
    ["text", "a", undefined],
    ["null", null, undefined],
    ["a list", [], undefined],
    ["no name", { version: "1" }, undefined],
    ["a name that is no text", { name: 1, version: "1" }, undefined],
  ];
  for (const [name, content, expected] of manifests) {
    it(`takes ${name} for no package`, () => {
      expect(readManifest(content, "")).to.equal(expected);
    });
  }
});
