import { expect } from "chai";
import { maskSecrets } from "../../src/observability/mask-secrets.js";

describe("maskSecrets", () => {
  for (const name of [
    "password",
    "dbPass",
    "SECRET",
    "api_token",
    "credentials",
    "key",
    "apiKey",
    "encryption_key",
    "private_part",
  ]) {
    it(`masks what is called ${name}`, () => {
      expect(maskSecrets({ [name]: "canary", deep: [{ [name]: { a: "canary" } }] })).to.deep.equal({
        [name]: "***",
        deep: [{ [name]: "***" }],
      });
    });
  }

  for (const [url, masked] of [
    ["postgres://user:canary@host/db", "postgres://***@host/db"],
    ["redis://:canary@host:6379", "redis://***@host:6379"],
    ["mysql://user:can@ary@host/db", "mysql://***@host/db"],
    [" postgres://user:canary@host", " postgres://***@host"],
    ["postgres://host/db?user=a&password=canary&ssl=1", "postgres://host/db?user=a&password=***&ssl=1"],
    ["host=db user=a password=canary port=1", "host=db user=a password=*** port=1"],
    ["redis://u:canary@a,redis://u:canary@b", "redis://***@b"],
  ] as const) {
    it(`masks the secret of ${url.replaceAll(/can@?ary/g, "…")}`, () => {
      expect(maskSecrets({ url, list: [url] })).to.deep.equal({ url: masked, list: [masked] });
    });
  }

  it("leaves everything else as it is, and the original alone", () => {
    const plain = { path: "/a/b", n: 0, on: false, none: null, url: "redis://host/1", list: [1, "a@b"] };
    const copy = maskSecrets(plain);
    expect(copy).to.deep.equal(plain);
    expect(copy).not.to.equal(plain);
  });
});
