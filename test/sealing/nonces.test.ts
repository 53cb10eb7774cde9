import { expect } from "chai";
import { encryptPayload } from "../../src/sealing/encrypted-payload.js";
import { SealingKey } from "../../src/sealing/key-ring.js";
import { StoreProcess } from "../support/store-process.js";
import type { NonceTask } from "./nonce-process.js";
import { takenNonces } from "./taken-nonces.js";

const PROGRAM = new URL("nonce-process.ts", import.meta.url);
const NONCES = 2000;

describe("nonces of encrypted values", () => {
  it("are never the same, in one process, in several that began at once, and after a restart", async function () {
    this.timeout(60_000);
    const processes = [1, 2, 3].map(() => begin());
    const told = await Promise.all(processes.map((process) => process.next<string[]>()));
    await Promise.all(processes.map((process) => process.end()));
    const restarted = begin();
    told.push(await restarted.next<string[]>(), takenNonces(NONCES));
    await restarted.end();
    const nonces = told.flat();
    expect(nonces).to.have.length(5 * NONCES);
    expect(new Set(nonces).size).to.equal(nonces.length);
  });

  it("are fresh for the same value at the same place, as when a commit is sent again", () => {
    const key = new SealingKey("k", Buffer.alloc(32, 1));
    const [one, other] = [1, 2].map(() => encryptPayload(key, "place", { codec: 1, data: "same" }).data);
    expect(Buffer.from(one as Uint8Array)).to.not.deep.equal(Buffer.from(other as Uint8Array));
  });
});

function begin(): StoreProcess {
  return new StoreProcess(PROGRAM, { count: NONCES } satisfies NonceTask);
}
