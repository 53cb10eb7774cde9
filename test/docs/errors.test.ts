import { expect } from "chai";
import { ABSENCE_REASONS, ACCESS_REASONS, CORRUPTION_REASONS, StorageFault } from "../../src/core/errors.js";
import { readMarkdown, tableRows } from "./markdown.js";

describe("docs/errors.md", () => {
  const chapters = new Map(
    readMarkdown("docs/errors.md")
      .split(/^## /m)
      .map((chapter) => [chapter.slice(0, chapter.indexOf("\n")), tableRows(chapter)]),
  );
  const documented = [
    ["5001 and 5002", ACCESS_REASONS],
    ["5003", CORRUPTION_REASONS],
    ["5004", ABSENCE_REASONS],
  ] as const;

  for (const [title, reasons] of documented) {
    const rows = chapters.get(title) ?? new Map<string, readonly string[]>();

    it(`lists the reasons of ${title}, and no others, in the order of the code`, () => {
      expect([...rows.keys()]).to.deep.equal([...reasons]);
    });

    it(`says of each reason of ${title} whether to try again, when it comes, and what to do`, () => {
      for (const reason of reasons) {
        const [retryable, when, advice] = rows.get(reason) ?? [];
        expect(retryable, reason).to.equal(new StorageFault(reason, "").retryable ? "yes" : "no");
        expect(when, reason).to.match(/^[A-Z].+\.$/);
        expect(advice, reason).to.match(/^[A-Z].+\.$/);
      }
    });
  }
});
