import { expect } from "chai";
import { Terminal } from "../../examples/host-app/terminal.js";

/** A stream that keeps what is written, as a terminal or not. */
function recording(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly text: () => string } {
  let text = "";
  const write = (chunk: string): boolean => {
    text += chunk;
    return true;
  };
  return { stream: { isTTY, write } as NodeJS.WriteStream, text: () => text };
}

describe("the terminal of the example", () => {
  it("shows progress and bold headings on a terminal", () => {
    const { stream, text } = recording(true);
    const terminal = new Terminal(stream, {});
    terminal.progress("1 of 2");
    terminal.progress(undefined);
    terminal.heading("Title");
    expect(text()).to.equal("\r\u001b[K1 of 2\r\u001b[K\n\u001b[1mTitle\u001b[0m\n");
  });

  it("keeps progress but no colour with NO_COLOR", () => {
    const { stream, text } = recording(true);
    const terminal = new Terminal(stream, { NO_COLOR: "1" });
    terminal.progress("1 of 2");
    terminal.heading("Title");
    expect(text()).to.equal("\r\u001b[K1 of 2\nTitle\n");
  });

  it("takes an empty NO_COLOR for none", () => {
    const { stream, text } = recording(true);
    new Terminal(stream, { NO_COLOR: "" }).heading("Title");
    expect(text()).to.include("\u001b[1m");
  });

  it("writes plain lines elsewhere", () => {
    const { stream, text } = recording(false);
    const terminal = new Terminal(stream, {});
    terminal.progress("1 of 2");
    terminal.heading("Title");
    terminal.table(
      ["name", "n"],
      [
        ["a", 1],
        ["longer", 23],
      ],
    );
    expect(text()).to.equal("\nTitle\n  name     n\n  ------  --\n  a        1\n  longer  23\n");
  });
});
