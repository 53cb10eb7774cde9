import type { Put } from "../backends/backend.js";
import { codec } from "../core/codec.js";
import type { Context } from "../core/context.js";
import { ENTRY_TYPE } from "../core/entry.js";
import type { Version } from "../core/version.js";
import { CommitRequest } from "../transaction/commit-request.js";
import { FILL_MARKER } from "./marks.js";
import type { Stack } from "./stack.js";

/** The mark of one call that fills a namespace. */
export class FillMarker {
  readonly #stack: Stack;
  readonly #namespace: string;
  #version: Version | undefined;

  constructor(stack: Stack, namespace: string) {
    this.#stack = stack;
    this.#namespace = namespace;
  }

  /** Before the first item. */
  async set(ctx: Context): Promise<void> {
    if (this.#version !== undefined) return;
    const { pump, versions } = this.#stack.services;
    this.#version = versions.next();
    await pump.submit(new CommitRequest(this.#version, ctx, this.#namespace, [marker()]));
  }

  /** After the last head. Another call's mark stays. */
  async remove(ctx: Context): Promise<void> {
    const version = this.#version;
    if (version === undefined) return;
    this.#version = undefined;
    const { pump, versions } = this.#stack.services;
    const [key, namespace] = [FILL_MARKER, this.#namespace];
    const writes = [{ kind: "delete", key }] as const;
    await pump.submit(new CommitRequest(versions.next(), ctx, namespace, writes, [{ key, version }]));
  }
}

function marker(): Put {
  const json = codec("json");
  const data = json.encodeToText(null);
  return { kind: "put", key: FILL_MARKER, type: ENTRY_TYPE.part, codec: json.id, data, expiry: undefined };
}
