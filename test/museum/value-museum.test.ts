import { expect } from "chai";
import { openEnvelope, sealEnvelope } from "../../src/core/envelope.js";
import { believedSwaps, type ValueForm } from "./swapped-values.js";

/** The checksum covers the value and its version, not where it belongs. */
const withoutKey: ValueForm = {
  seal: (_namespace, _key, version, payload) => sealEnvelope("", "", version, payload),
  open: (_namespace, _key, version, bytes) => openEnvelope("", "", version, bytes),
};

describe("bug museum: kept values", () => {
  it("a value is not believed where it does not belong", () => {
    expect(believedSwaps({ seal: sealEnvelope, open: openEnvelope })).to.equal(0);
  });

  it("swapped values find a checksum that does not cover the key", () => {
    expect(believedSwaps(withoutKey)).to.equal(6);
  });
});
