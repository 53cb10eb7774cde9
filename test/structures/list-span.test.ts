import { expect } from "chai";
import { itemKey } from "../../src/core/incarnation.js";
import { itemAt } from "../../src/structures/list-span.js";

describe("places of a list's items", () => {
  const span = { incarnation: "incarnation-of-22-unit", first: 0, end: 0 };
  /** As stores hold it for ever: eleven digits of base 36, shifted by 2^52. */
  const stored = (position: number) =>
    itemKey(span.incarnation, (position + 2 ** 52).toString(36).padStart(11, "0"));
  const edge = 36 ** 4;
  const behindOrigin = edge - (2 ** 52 % edge);

  for (const middle of [0, behindOrigin, -(2 ** 52) + edge, 2 ** 52 - edge, behindOrigin + 1000 * edge]) {
    it(`are the digits of their numbers around ${middle}`, () => {
      for (let by = -1400; by <= 1400; by++) {
        expect(itemAt(span, middle + by)).to.equal(stored(middle + by));
      }
    });
  }

  it("are the digits of their numbers at both ends", () => {
    for (const position of [-(2 ** 52), 2 ** 52 - 1])
      expect(itemAt(span, position)).to.equal(stored(position));
  });
});
