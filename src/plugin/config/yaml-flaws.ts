import type { ErrorCode } from "yaml";

/** What the parser's errors say to whoever wrote the file: what is wrong, and what to do. Nothing of the file is quoted. */
const WORDS: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias (*name) with a tag or an anchor of its own; take that away",
  BAD_ALIAS:
    "an anchor (&name) or alias (*name) without a name, or with a colon behind it; name it by letters",
  BAD_COLLECTION_TYPE: "a tag (!name) that does not fit what it stands before; take it away",
  BAD_DIRECTIVE: "a directive (%name) that is not known; take the line away",
  BAD_DQ_ESCAPE: "a \\ in double quotes that begins no escape; write \\\\, or use single quotes",
  BAD_INDENT:
    "an indentation that does not fit, or a [ or { before this that is not closed; let what belongs together start in one column, and close brackets",
  BAD_PROP_ORDER: "a tag or an anchor before the - or ? of its item; put it behind that",
  BAD_SCALAR_START: "plain text cannot begin with this character; put the text in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    'a second key within the value of the one before; give each key a line of its own in the column of its neighbours, and put text that holds ": " in quotes',
  BLOCK_IN_FLOW: "an indented section or a list of - within [ ] or { }; write it by brackets too",
  DUPLICATE_KEY: "a key that its section has already; remove one of the two",
  IMPOSSIBLE: "not YAML; see this line and the one before it",
  KEY_OVER_1024_CHARS: "a key of more than 1024 characters; shorten it",
  MISSING_CHAR:
    "a quote, comma, colon or space is missing here or before this; close what was begun, and write options as name: value",
  MULTILINE_IMPLICIT_KEY:
    "a key that goes over several lines, or a line without a colon; write options as name: value",
  MULTIPLE_ANCHORS: "a second anchor (&name) of one value; keep one",
  MULTIPLE_DOCS: "a second document begins here; keep one, and take the --- or ... between them away",
  MULTIPLE_TAGS: "a second tag (!name) of one value; keep one",
  NON_STRING_KEY: "a key that is no text; write options as name: value",
  RESOURCE_EXHAUSTION: "nested too deeply; write fewer sections within each other",
  TAB_AS_INDENT: "a tab in the indentation; indent by spaces",
  TAG_RESOLVE_FAILED: "a tag (!name) that is not known, or does not fit its value; take it away",
  UNEXPECTED_TOKEN:
    "something that cannot stand behind what is before it; see whether a quote, a bracket or a - is missing or too many",
};

/** @param code of an error of the parser, which a newer one may have more of. */
export function wordsOf(code: ErrorCode): string {
  return WORDS[code] ?? WORDS.IMPOSSIBLE;
}
