import { expect } from "chai";
import fc from "fast-check";
import { escapeName } from "../../../src/backends/directory/escaped-name.js";

/** NAME_MAX of eCryptfs, the shortest in use, less the suffix of a file. */
const LONGEST = 143 - ".json".length;
const DEVICES = ["con", "prn", "aux", "nul", "com1", "lpt9"];

describe("names of files", () => {
  it("stay as they are where every file system takes them", () => {
    for (const text of ["song", "track-01", "a_b", "a.b.c", "0"]) expect(escapeName(text)).to.equal(text);
  });

  it("tell texts apart that file systems may take for the same", () => {
    const texts = [
      "user",
      "User",
      "USER",
      "\u00e9",
      "e\u0301",
      "\u00c9",
      "a",
      "A",
      "+a",
      "%41",
      "a%",
      ".a",
      "a~",
    ];
    const names = texts.map(escapeName);
    expect(new Set(names.map((name) => name.normalize("NFD").toLowerCase())).size).to.equal(texts.length);
  });

  it("lead nowhere, hide nothing and are no device", () => {
    for (const text of [
      "",
      ".",
      "..",
      "../x",
      "/etc",
      "\\x",
      ".hidden",
      ...DEVICES,
      "nul.txt",
      "AUX",
      "a\0b",
    ]) {
      const name = escapeName(text);
      expect(name).to.match(/^[a-z0-9_%+-][a-z0-9_%+.-]*$|^$/, text);
      expect(DEVICES.some((device) => new RegExp(`^${device}($|\\.)`, "i").test(name))).to.equal(false, text);
    }
  });

  it("of long texts are short, begin like them, and differ", () => {
    const texts = ["k".repeat(1024), `${"k".repeat(1023)}l`, "\u00e4".repeat(300), "k".repeat(LONGEST + 1)];
    const names = texts.map(escapeName);
    for (const name of names) expect(name.length).to.be.at.most(LONGEST);
    expect(names[0]).to.match(/^k{64}~[0-9a-f]{64}$/);
    expect(new Set(names).size).to.equal(texts.length);
    expect(escapeName("k".repeat(LONGEST))).to.equal("k".repeat(LONGEST));
  });

  it("are never the same for two texts, whatever is ignored of them", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.string({ unit: fc.constantFrom("a", "A", "+", "%", ".", "~", "4", "1"), maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 20 }), (texts) => {
        const names = texts.map((each) => escapeName(each).toLowerCase());
        return new Set(names).size === texts.length && names.every((name) => name.length <= LONGEST);
      }),
      { numRuns: 2000 },
    );
  });
});
