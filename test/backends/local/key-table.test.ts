import { expect } from "chai";
import { KeyTable } from "../../../src/backends/local/key-table.js";

describe("KeyTable", () => {
  it("is a Map, also when it has grown past one", () => {
    const table = new KeyTable<number>();
    const map = new Map<string, number>();
    for (let i = 0; i < 40_000; i++) {
      const key = `user:${i}:profile`;
      table.set(key, i);
      map.set(key, i);
      if (i % 3 === 0)
        expect(table.delete(`user:${i / 3}:profile`)).to.equal(map.delete(`user:${i / 3}:profile`));
    }
    expect(table.size).to.equal(map.size);
    for (let i = 0; i < 40_000; i++) {
      expect(table.get(`user:${i}:profile`)).to.equal(map.get(`user:${i}:profile`));
      expect(table.has(`user:${i}:profile`)).to.equal(map.has(`user:${i}:profile`));
    }
    expect(table.values().sort((a, b) => a - b)).to.deep.equal([...map.values()].sort((a, b) => a - b));
  });

  it("replaces without growing, on both sides of the limit of one Map", () => {
    const table = new KeyTable<number>();
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 20_000; i++) table.set(String(i), round);
    }
    expect(table.size).to.equal(20_000);
    expect(table.get("7")).to.equal(1);
  });

  it("holds what was appended as what was set, whatever is asked first", () => {
    const table = new KeyTable<number>();
    for (let i = 0; i < 40_000; i++) table.append(String(i), i);
    expect(table.size).to.equal(40_000);
    expect(table.values().sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 40_000 }, (_, i) => i));
    table.set("39999", -1);
    expect(table.delete("39998")).to.equal(true);
    expect(table.has("39997")).to.equal(true);
    expect([table.get("39999"), table.get("39998"), table.size]).to.deep.equal([-1, undefined, 39_999]);
    expect(table.values()).to.have.length(39_999);
  });

  it("takes the names of object properties for what they are", () => {
    const table = new KeyTable<number>();
    table.set("__proto__", 1);
    expect(table.get("__proto__")).to.equal(1);
    expect(table.get("constructor")).to.equal(undefined);
  });
});
