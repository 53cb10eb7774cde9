import { expect } from "chai";
import type { Backend, Write } from "../../../src/backends/backend.js";
import { background } from "../../../src/core/context.js";
import { ENTRY_TYPE } from "../../../src/core/entry.js";
import { SimulatedFileSystem, type FileOperation } from "../../../src/testing/simulated-file-system.js";
import { DIRECTORY, PLAIN, simulatedStore } from "../../crash/simulated-store.js";

const ctx = background();
const KEYS = Array.from({ length: 600 }, (_, i) => `k${i}`);
const FOLDER = `${DIRECTORY}/@root`;

describe("the files of many removed keys", () => {
  let fs: SimulatedFileSystem;
  let store: Backend;
  /** Calls since the keys were removed. */
  let calls: FileOperation[];

  beforeEach(async () => {
    fs = new SimulatedFileSystem();
    store = simulatedStore(fs, {
      ...PLAIN,
      backend: "directory",
      sizes: { ...PLAIN.sizes, compactBytes: 1e9 },
    });
    await store.open(ctx);
    await commit(KEYS.map((key) => put(key)));
    await store.extensions.flush?.(ctx);
    calls = [];
    fs.faults = (operation) => {
      calls.push(operation);
      return undefined;
    };
  });

  afterEach(() => store.close(ctx));

  async function commit(writes: readonly Write[]): Promise<void> {
    const id = `w${Math.random()}`;
    const [result] = await store.commit([{ id, ctx, namespace: "", checks: [], ranges: [], writes }]);
    expect(result).to.include({ status: "committed" });
  }

  function countOf(kind: FileOperation["kind"]): number {
    return calls.filter((call) => call.kind === kind && call.path.startsWith(FOLDER)).length;
  }

  it("go with one sync of their folder for many of them, whatever removed each key", async () => {
    for (let at = 0; at < KEYS.length; at += 100) {
      await commit(KEYS.slice(at, at + 100).map((key) => ({ kind: "delete", key })));
    }
    await store.extensions.flush?.(ctx);
    expect(countOf("unlink")).to.equal(KEYS.length);
    expect(countOf("syncDir")).to.equal(3);
    expect(countOf("removeDir")).to.equal(1);
    expect(filesLeft()).to.equal(0);
  });

  async function failToRemove(key: string): Promise<void> {
    fs.faults = ({ kind, path }) => (kind === "unlink" && path.endsWith(`/${key}.json`) ? "EIO" : undefined);
    const failure = await Promise.resolve(store.extensions.flush?.(ctx)).catch((error: unknown) => error);
    expect(failure).to.be.an("error");
    fs.faults = () => undefined;
  }

  it("are all tried when one cannot go, and those that are left the next time", async () => {
    await commit(KEYS.map((key) => ({ kind: "delete", key })));
    await failToRemove("k300");
    expect(filesLeft()).to.be.within(1, 256);
    await store.extensions.flush?.(ctx);
    expect(filesLeft()).to.equal(0);
  });

  it("stay when their keys were put again before they could go", async () => {
    await commit(KEYS.map((key) => ({ kind: "delete", key })));
    await failToRemove("k300");
    await commit([put("k300")]);
    await failToRemove("k301");
    await store.extensions.flush?.(ctx);
    expect(filesLeft()).to.equal(1);
    expect((await store.read(ctx, "", ["k300"])).entries[0]).to.include({ data: '"k300"' });
  });

  function filesLeft(): number {
    return [...fs.contents().keys()].filter((path) => path.startsWith(FOLDER)).length;
  }
});

function put(key: string): Write {
  return { kind: "put", key, type: ENTRY_TYPE.value, codec: 1, data: JSON.stringify(key), expiry: undefined };
}
