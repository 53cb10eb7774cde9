import { expect } from "chai";
import fc from "fast-check";
import { StorageFault } from "../../src/core/errors.js";
import { inRange } from "../../src/core/range.js";
import { compilePattern } from "../../src/core/pattern.js";

const MATCHES: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
  ["*", ["a", "", "a/b\n😀"], []],
  ["user:*", ["user:", "user:1", "user:a:b"], ["user", "use", "User:1", "xuser:1"]],
  ["*:name", [":name", "a:b:name"], ["name", "a:names"]],
  ["session:*:token", ["session:1:token", "session::token"], ["session:token", "session:1:token2"]],
  ["user:?", ["user:1", "user:😀", "user:\n"], ["user:", "user:12"]],
  ["user:[12]", ["user:1", "user:2"], ["user:3", "user:12", "user:[12]"]],
  ["[!a]*", ["b", "😀a"], ["a", "ab", ""]],
  ["[^a]", ["b", "^"], ["a", "bb"]],
  ["lit\\*eral", ["lit*eral"], ["literal", "litXeral", "lit\\*eral"]],
  ["a\\b", ["ab"], ["a\\b"]],
  ["\\\\", ["\\"], ["\\\\"]],
  ["[a-c]x", ["ax", "bx", "cx"], ["dx", "-x", "Bx"]],
  ["[a-cx-z0]", ["b", "y", "0"], ["d", "w"]],
  ["[]a]", ["]", "a"], ["[]a]", "b"]],
  ["[!]a]", ["b"], ["]", "a"]],
  ["[a-]", ["a", "-"], ["b"]],
  ["[-a]", ["a", "-"], ["b"]],
  ["[!-a]", ["b"], ["a", "-"]],
  ["[a\\]b]", ["a", "]", "b"], ["\\"]],
  ["[\\!a]", ["!", "a"], ["b"]],
  ["[a\\-c]", ["a", "-", "c"], ["b"]],
  ["[a!^]", ["a", "!", "^"], ["b"]],
  ["[[]", ["["], ["]"]],
  ["[a*?]", ["*", "?", "a"], ["b"]],
  ["]", ["]"], [""]],
  ["a-b", ["a-b"], ["aab"]],
  ["[😀-😎]", ["😃"], ["😏", "\ud83d"]],
  ["?", ["😀", "é"], ["😀😀", ""]],
  ["*?", ["a", "😀", "ab"], [""]],
  ["??*??", ["abcd", "😀😀😀😀"], ["abc", "😀😀😀"]],
  ["***a**", ["a", "xay"], ["b"]],
  ["*a*a", ["aa", "axa"], ["a"]],
  ["a*a", ["aa", "aba"], ["a"]],
  ["*ab?b*", ["ababb", "xabab"], ["abb"]],
  ["__proto__", ["__proto__"], ["constructor"]],
  ["", [""], ["a"]],
];

const REFUSED: readonly [pattern: string, message: string][] = [
  ["a[", "a [ that is never closed at character 2"],
  ["[]", "a [ that is never closed at character 1"],
  ["[!]", "a [ that is never closed at character 1"],
  ["😀[a-", "a [ that is never closed at character 2"],
  ["[a\\]", "a [ that is never closed at character 1"],
  ["abc\\", "a \\ with nothing after it at character 4"],
  ["[a\\", "a \\ with nothing after it at character 3"],
  ["a[z-a]", "a range that runs backwards at character 3"],
  ["[a-\\", "a \\ with nothing after it at character 4"],
  ["a\ud800", "a lone surrogate at character 2"],
  ["[\udc00]", "a lone surrogate at character 2"],
];

/** A token as the tests make them: its text in a pattern, and what it accepts. */
interface TestToken {
  readonly text: string;
  readonly run: boolean;
  accepts(char: string): boolean;
}

const CHARS = ["a", "b", "c", "é", "\uffff", "😀", "*", "?", "[", "]", "-", "\\", "!", "^"];
const char = fc.constantFrom(...CHARS);
const escaped = (text: string): string => (/[*?[\]\\!^-]/.test(text) ? `\\${text}` : text);
const literals = char.map(
  (text): TestToken => ({ text: escaped(text), run: false, accepts: (other) => other === text }),
);
const classes = fc.tuple(fc.constantFrom("", "!", "^"), fc.array(char, { minLength: 1, maxLength: 4 })).map(
  ([negation, members]): TestToken => ({
    text: `[${negation}${members.map(escaped).join("")}]`,
    run: false,
    accepts: (other) => members.includes(other) === (negation === ""),
  }),
);
const wildcards = fc.constantFrom<TestToken>(
  { text: "?", run: false, accepts: () => true },
  { text: "*", run: true, accepts: () => true },
);
const tokens = (maxLength: number): fc.Arbitrary<TestToken[]> =>
  fc.array(fc.oneof(literals, literals, classes, wildcards), { maxLength });

/** The definition, read aloud: which prefixes of the key the tokens so far can match. */
function naiveMatch(list: readonly TestToken[], key: string): boolean {
  const chars = Array.from(key);
  let ends = new Set([0]);
  for (const token of list) {
    const next = new Set<number>();
    for (const end of ends) {
      if (token.run) for (let i = end; i <= chars.length; i++) next.add(i);
      else if (end < chars.length && token.accepts(chars[end] as string)) next.add(end + 1);
    }
    ends = next;
  }
  return ends.has(chars.length);
}

/** A key that the tokens are likely to match, from numbers that choose among the possible characters. */
function likelyKey(list: readonly TestToken[], choices: readonly number[]): string {
  const parts = list.map((token, i) => {
    const choice = choices[i % choices.length] as number;
    const possible = CHARS.filter((each) => token.accepts(each));
    const pick = possible[choice % possible.length] ?? "";
    return token.run ? pick.repeat(choice % 4) : pick;
  });
  return parts.join("");
}

const choices = fc.array(fc.nat(100), { minLength: 1, maxLength: 50 });

describe("compilePattern", () => {
  for (const [pattern, yes, no] of MATCHES) {
    it(`${JSON.stringify(pattern)} matches what it should and nothing else`, () => {
      const compiled = compilePattern(pattern);
      for (const key of yes) expect(compiled.matches(key), key).to.equal(true);
      for (const key of no) expect(compiled.matches(key), key).to.equal(false);
    });
  }

  for (const maxLength of [10, 90]) {
    it(`agrees with the definition, on patterns of up to ${maxLength} tokens`, () => {
      fc.assert(
        fc.property(tokens(maxLength), choices, fc.array(char), (list, picks, chars) => {
          const pattern = compilePattern(list.map((token) => token.text).join(""));
          for (const key of [
            likelyKey(list, picks),
            `${chars.join("")}${likelyKey(list, picks)}b`,
            chars.join(""),
          ]) {
            expect(pattern.matches(key), `${pattern.source} on ${key}`).to.equal(naiveMatch(list, key));
          }
        }),
        { numRuns: 1000 },
      );
    });
  }

  it("searches for long segments without stars inside as the definition does", () => {
    const segment = fc.array(fc.oneof(literals, classes), { minLength: 30, maxLength: 70 });
    fc.assert(
      fc.property(segment, choices, fc.array(char), fc.array(char), (list, picks, before, after) => {
        const pattern = compilePattern(`*?${list.map((token) => token.text).join("")}*`);
        const key = [...before, likelyKey(list, picks), ...after].join("");
        const any = { text: "?", run: false, accepts: () => true };
        const run = { text: "*", run: true, accepts: () => true };
        expect(pattern.matches(key)).to.equal(naiveMatch([run, any, ...list, run], key));
      }),
    );
  });

  it("finds every key that matches in its range, and says when all of the range matches", () => {
    fc.assert(
      fc.property(tokens(6), choices, fc.array(char), (list, picks, chars) => {
        const pattern = compilePattern(list.map((token) => token.text).join(""));
        for (const key of [likelyKey(list, picks), chars.join("")]) {
          if (pattern.matches(key)) expect(inRange(key, pattern.range)).to.equal(true);
          if (pattern.matchesRange) expect(inRange(key, pattern.range)).to.equal(pattern.matches(key));
          if (pattern.literal !== undefined) expect(pattern.matches(key)).to.equal(key === pattern.literal);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("narrows the range to the literal prefix", () => {
    expect(compilePattern("user:*").range).to.deep.equal({ start: "user:", end: "user;" });
    expect(compilePattern("us\\*r:?").range).to.deep.equal({ start: "us*r:", end: "us*r;" });
    expect(compilePattern("*a").range).to.deep.equal({ start: "" });
    expect(compilePattern("a\\*").range).to.deep.equal({ start: "a*", end: "a*\0" });
  });

  it("tells literals, whole ranges and the rest apart", () => {
    const told = (pattern: string): unknown[] => {
      const { literal, matchesRange } = compilePattern(pattern);
      return [literal, matchesRange];
    };
    expect(told("a\\*b")).to.deep.equal(["a*b", true]);
    expect(told("user:*")).to.deep.equal([undefined, true]);
    expect(told("**")).to.deep.equal([undefined, true]);
    for (const pattern of ["user:*:x", "?", "a?*", "[a]", "*a", "a*?"]) {
      expect(told(pattern), pattern).to.deep.equal([undefined, false]);
    }
  });

  for (const [pattern, message] of REFUSED) {
    it(`refuses ${JSON.stringify(pattern)}`, () => {
      expect(() => compilePattern(pattern))
        .to.throw(StorageFault, message)
        .with.property("reason", "invalid-pattern");
    });
  }

  it("refuses more than 4096 bytes, counted in UTF-8", () => {
    expect(() => compilePattern("*".repeat(4096))).not.to.throw();
    expect(() => compilePattern("é".repeat(2048))).not.to.throw();
    for (const pattern of ["*".repeat(4097), "é".repeat(2049), "a".repeat(10_000_000)]) {
      expect(() => compilePattern(pattern)).to.throw(StorageFault, "4096 bytes");
    }
  });

  it("takes anything but text for misuse", () => {
    const wrong: readonly unknown[] = [undefined, null, 5, /a/, ["*"]];
    for (const pattern of wrong) {
      expect(() => compilePattern(pattern as string)).to.throw(TypeError, "pattern must be a string");
    }
  });

  // Backtracking would not end before the suite's timeout on any of these.
  describe("is not held up by hostile patterns on 100 000 characters", () => {
    const hostile = {
      "1000 stars": "*a".repeat(1000),
      "1000 stars and what is not there": `${"*a".repeat(1000)}*b`,
      "1000 stars and any": `${"*?".repeat(1000)}b`,
      "a long segment with any": `*?${"a".repeat(3000)}b*`,
      "a long segment of classes": `*${"[a-z]".repeat(800)}b*`,
      "a class of many": `*[!${"bcd".repeat(1300)}a]*`,
    };
    const key = "a".repeat(100_000);
    for (const [name, pattern] of Object.entries(hostile)) {
      it(name, () => {
        expect(compilePattern(pattern).matches(key)).to.equal(name === "1000 stars");
      });
    }
  });
});
