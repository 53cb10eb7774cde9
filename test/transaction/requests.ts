import type { Check, RangeCheck, Write } from "../../src/backends/backend.js";
import { background, type Context } from "../../src/core/context.js";
import { headKey } from "../../src/core/key.js";
import { CommitRequest } from "../../src/transaction/commit-request.js";

let nextId = 0;

/** The parts of a commit that a test cares about; keys are users' keys. */
export interface RequestParts {
  readonly ctx?: Context;
  readonly namespace?: string;
  readonly puts?: readonly string[];
  readonly data?: string;
  readonly writes?: readonly Write[];
  readonly checks?: readonly Check[];
  readonly ranges?: readonly RangeCheck[];
}

export function requestOf(parts: RequestParts): CommitRequest {
  nextId += 1;
  const {
    ctx = background(),
    namespace = "",
    puts = [],
    writes = [],
    checks = [],
    ranges = [],
    data = "1",
  } = parts;
  const all = [...puts.map((key) => putOf(key, data)), ...writes];
  return new CommitRequest(`id${nextId}`, ctx, namespace, all, checks, ranges);
}

function putOf(key: string, data: string): Write {
  return { kind: "put", key: headKey(key), type: 1, codec: 1, data, expiry: undefined };
}
