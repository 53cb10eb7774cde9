import { expect } from "chai";
import { HostContainer, inject, injectable, token } from "../../../src/plugin/di.js";
import { PluginError } from "../../../src/plugin/plugin-error.js";

const NAME = token<string>("NAME");
const LIMIT = token<number>("LIMIT");

@injectable()
class Greeter {
  readonly name: string;
  readonly limit: number;

  constructor(@inject(NAME) name: string, @inject(LIMIT) limit: number) {
    this.name = name;
    this.limit = limit;
  }
}

class Unmarked {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

for (const value of [undefined, null, 0, "", false]) {
  it(`gives ${String(value)} where that was provided`, () => {
    const container = new HostContainer();
    const VALUE = token<unknown>("VALUE");
    container.addPlugin("plugin", new Set([VALUE]));
    container.provide(VALUE, value);
    expect(container.resolve(VALUE)).to.equal(value);
    expect(container.resolve(VALUE, "plugin")).to.equal(value);
  });
}

describe("HostContainer", () => {
  let container: HostContainer;

  beforeEach(() => {
    container = new HostContainer();
    container.addPlugin("a", new Set([NAME, LIMIT]));
    container.addPlugin("b", new Set([NAME]));
    container.addPlugin("c", new Set());
  });

  it("gives one value to the host and to all that may see it", () => {
    container.provide(NAME, "x");
    expect([
      container.resolve(NAME),
      container.resolve(NAME, "a"),
      container.resolve(NAME, "b"),
    ]).to.deep.equal(["x", "x", "x"]);
    expect(() => container.resolve(NAME, "c"))
      .to.throw(PluginError, 'plugin "c" asked for NAME, which it cannot see; name it in requires')
      .with.property("reason", "missing");
  });

  it("gives each plugin a value of its own, made once", () => {
    const made: string[] = [];
    container.provideEach(NAME, (id) => {
      made.push(id);
      return `for ${id}`;
    });
    expect(made).to.deep.equal([]);
    const seen = ["a", "b", "a"].map((id) => container.resolve(NAME, id));
    expect(seen).to.deep.equal(["for a", "for b", "for a"]);
    expect(made).to.deep.equal(["a", "b"]);
    expect(() => container.resolve(NAME, "c")).to.throw(PluginError, "which it cannot see");
  });

  it("has nothing of its own for the host", () => {
    container.provideEach(NAME, (id) => id);
    expect(() => container.resolve(NAME)).to.throw(PluginError, "the host asked for NAME");
  });

  it("constructs a class with explicit tokens, from the plugin's point of view", () => {
    container.provideEach(NAME, (id) => `for ${id}`);
    container.provide(LIMIT, 3);
    const greeter = container.resolve(Greeter, "a");
    expect(greeter).to.be.instanceOf(Greeter).and.to.deep.include({ name: "for a", limit: 3 });
    expect(container.resolve(Greeter, "a")).to.not.equal(greeter);
  });

  it("constructs nothing from tokens the plugin may not see", () => {
    container.provide(NAME, "x");
    container.provide(LIMIT, 3);
    expect(() => container.resolve(Greeter, "b")).to.throw(
      PluginError,
      /plugin "b" could not construct Greeter: .*LIMIT/s,
    );
  });

  it("says which class it cannot construct", () => {
    expect(() => container.resolve(Unmarked, "a")).to.throw(
      PluginError,
      'plugin "a" could not construct Unmarked: TypeInfo not known for "Unmarked"; ' +
        "mark the class with @injectable() and each parameter of its constructor with @inject(TOKEN)",
    );
  });

  it("leaves classes constructible with new", () => {
    expect(new Greeter("x", 1).name).to.equal("x");
  });

  it("keeps hosts apart", () => {
    container.provide(NAME, "x");
    const other = new HostContainer();
    other.addPlugin("a", new Set([NAME]));
    expect(() => other.resolve(NAME, "a")).to.throw(PluginError);
    expect(() => other.resolve(NAME)).to.throw(PluginError);
  });

  it("has tokens that are equal to no other of the same name", () => {
    container.provide(token<string>("NAME"), "other");
    expect(() => container.resolve(NAME)).to.throw(PluginError);
  });

  it("types what a token resolves to", () => {
    container.provide(LIMIT, 3);
    const limit: number = container.resolve(LIMIT);
    // @ts-expect-error -- a number is no string
    const wrong: string = container.resolve(LIMIT);
    // @ts-expect-error -- the token takes numbers
    container.provide(LIMIT, "three");
    expect([limit, wrong]).to.deep.equal([3, 3]);
  });
});
