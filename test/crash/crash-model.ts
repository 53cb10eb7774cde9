import type { Backend, Batch, Write } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import type { StoredEntry } from "../../src/core/entry.js";
import { inRange } from "../../src/core/range.js";

const ctx = background();

/** Namespaces that a workload writes. */
export const NAMESPACES = ["", "users"] as const;

interface ModelEntry {
  readonly version: string;
  readonly shown: string;
}

/** What a store must hold, kept in plain Maps and told in one text, so that states can be compared. */
export class CrashModel {
  #entries = new Map<string, Map<string, ModelEntry>>(NAMESPACES.map((name) => [name, new Map()]));
  #positions = new Map<string, string>(NAMESPACES.map((name) => [name, "0:"]));

  apply(batch: Pick<Batch, "id" | "namespace" | "writes">): void {
    const space = this.#entries.get(batch.namespace) as Map<string, ModelEntry>;
    for (const write of batch.writes) applyWrite(space, write, batch.id);
    const ordinal = Number.parseInt(this.#positions.get(batch.namespace) as string, 10) + 1;
    this.#positions.set(batch.namespace, `${ordinal}:${batch.id}`);
  }

  copy(): CrashModel {
    const copy = new CrashModel();
    copy.#entries = new Map([...this.#entries].map(([name, space]) => [name, new Map(space)]));
    copy.#positions = new Map(this.#positions);
    return copy;
  }

  get text(): string {
    const spaces = NAMESPACES.map((name) => {
      const space = this.#entries.get(name) as Map<string, ModelEntry>;
      const lines = [...space]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { shown }]) => `${key} ${shown}`);
      return [`# ${name} ${this.#positions.get(name)}`, ...lines].join("\n");
    });
    return spaces.join("\n");
  }
}

function applyWrite(space: Map<string, ModelEntry>, write: Write, version: string): void {
  if (write.kind === "delete") space.delete(write.key);
  else if (write.kind === "delete-range") {
    for (const key of [...space.keys()]) if (inRange(key, write.range)) space.delete(key);
  } else {
    const at = write.expiry !== undefined && "at" in write.expiry ? write.expiry.at : undefined;
    const shown = show(version, write.type, write.codec, write.data, at, write.incarnation);
    space.set(write.key, { version, shown });
  }
}

/** The same text, of what a store holds. */
export async function stateOf(backend: Backend): Promise<string> {
  const spaces: string[] = [];
  for (const name of NAMESPACES) {
    const { position } = await backend.read(ctx, name, []);
    spaces.push(`# ${name} ${position.ordinal}:${position.id}`);
    for await (const { entries } of backend.scan(ctx, name, { start: "" })) {
      for (const entry of entries) spaces.push(`${entry.key} ${showEntry(entry)}`);
    }
  }
  return spaces.join("\n");
}

/** What stands of an entry in such a text, behind its key. */
export function showEntry(e: StoredEntry): string {
  return show(e.version, e.type, e.codec, e.data, e.expiresAt, e.incarnation);
}

function show(
  version: string,
  type: number,
  codec: number,
  data: string | Uint8Array,
  expiresAt: number | undefined,
  incarnation: string | undefined,
): string {
  const shown = typeof data === "string" ? data : `bytes ${Buffer.from(data).toString("hex")}`;
  return [version, type, codec, expiresAt ?? "-", incarnation ?? "-", shown].join(" ");
}
