import { expect } from "chai";
import fc from "fast-check";
import {
  ABSENCE_REASONS,
  ACCESS_REASONS,
  codeOf,
  CORRUPTION_REASONS,
  ErrStorageCorrupted,
  ErrStorageNotFound,
  ErrStorageReadFailed,
  ErrStorageWriteFailed,
  quoteName,
  StorageError,
  StorageFault,
  toStorageError,
  type OperationDetails,
} from "../../src/core/errors.js";

const write: OperationDetails = {
  operation: "set",
  access: "write",
  backend: "memory",
  key: "k",
  namespace: "ns",
};

function failed(error: unknown, operation: OperationDetails = write): StorageError {
  const result = toStorageError(error, operation);
  expect(result).to.be.instanceOf(StorageError);
  return result as StorageError;
}

describe("codeOf", () => {
  it("gives each reason the code of its kind", () => {
    expect([
      ErrStorageReadFailed,
      ErrStorageWriteFailed,
      ErrStorageCorrupted,
      ErrStorageNotFound,
    ]).to.deep.equal([5001, 5002, 5003, 5004]);
    for (const reason of ACCESS_REASONS)
      expect([codeOf(reason, "read"), codeOf(reason, "write")]).to.deep.equal([5001, 5002]);
    for (const reason of CORRUPTION_REASONS)
      expect([codeOf(reason, "read"), codeOf(reason, "write")]).to.deep.equal([5003, 5003]);
    for (const reason of ABSENCE_REASONS)
      expect([codeOf(reason, "read"), codeOf(reason, "write")]).to.deep.equal([5004, 5004]);
  });

  it("knows every reason once", () => {
    const all = [...ACCESS_REASONS, ...CORRUPTION_REASONS, ...ABSENCE_REASONS];
    expect(new Set(all).size).to.equal(all.length);
  });
});

describe("StorageFault", () => {
  it("is retryable by reason unless told otherwise", () => {
    const retryable = [...ACCESS_REASONS, ...CORRUPTION_REASONS, ...ABSENCE_REASONS].filter(
      (reason) => new StorageFault(reason, "m").retryable,
    );
    expect(retryable).to.have.members([
      "timeout",
      "unavailable",
      "conflict",
      "locked",
      "no-space",
      "busy",
      "outrun",
    ]);
    expect(new StorageFault("conflict", "m", { retryable: false }).retryable).to.equal(false);
    expect(new StorageFault("io", "m", { retryable: true }).retryable).to.equal(true);
  });
});

describe("a class that extends StorageFault", () => {
  class Special extends StorageFault {}

  it("is told from other faults", () => {
    const special = new Special("checksum", "a value is damaged");
    expect(special).to.be.instanceOf(Special).and.instanceOf(StorageFault);
    expect(new StorageFault("io", "the disk failed")).not.to.be.instanceOf(Special);
  });
});

describe("toStorageError", () => {
  it("adds the operation, key and namespace to a fault, once", () => {
    const error = failed(new StorageFault("too-large", "the value has 70 MiB, at most 64 are allowed"));
    expect(error).to.include({
      code: 5002,
      reason: "too-large",
      operation: "set",
      key: "k",
      namespace: "ns",
      backend: "memory",
      retryable: false,
      outcome: undefined,
      name: "StorageError",
    });
    expect(error.message).to.equal(
      'set of "k" in namespace "ns" failed: the value has 70 MiB, at most 64 are allowed',
    );
    expect(failed(error, { ...write, operation: "transact" })).to.equal(error);
  });

  it("believes the fault about key, namespace, outcome and retrying", () => {
    const fault = new StorageFault("unavailable", "gone", {
      key: "other",
      namespace: "",
      outcome: "unknown",
      retryable: false,
    });
    expect(failed(fault)).to.include({ key: "other", namespace: "", outcome: "unknown", retryable: false });
    expect(failed(fault).message).to.equal('set of "other" failed: gone');
  });

  it("keeps the native cause, or the fault itself when there is none", () => {
    const native = new Error("ECONNRESET");
    const caused = new StorageFault("unavailable", "gone", { cause: native });
    const uncaused = new StorageFault("busy", "later");
    expect(failed(caused).cause).to.equal(native);
    expect(failed(uncaused).cause).to.equal(uncaused);
  });

  it("turns what nobody foresaw into io with the original as its cause", () => {
    const native = new RangeError("odd");
    const error = failed(native, { operation: "get", access: "read", backend: "memory" });
    expect(error).to.include({ code: 5001, reason: "io", message: "get failed: odd" });
    expect(error.cause).to.equal(native);
    expect(failed("text")).to.include({ reason: "io", cause: "text" });
    expect(failed(undefined)).to.include({ reason: "io" });
  });

  it("passes misuse on as it is", () => {
    const misuse = new TypeError("a key must be a string");
    expect(toStorageError(misuse, write)).to.equal(misuse);
  });
});

describe("quoteName", () => {
  it("cuts at 64 bytes of UTF-8, between characters", () => {
    expect(quoteName("k".repeat(64))).to.equal(`"${"k".repeat(64)}"`);
    expect(quoteName("k".repeat(65))).to.equal(`"${"k".repeat(64)}"…`);
    expect(quoteName(`${"k".repeat(62)}😀x`)).to.equal(`"${"k".repeat(62)}"…`);
  });

  it("escapes what a terminal or a reader would not show as it is", () => {
    expect(quoteName('a"b\\\n\u001b[31m')).to.equal('"a\\"b\\\\\\n\\u001b[31m"');
    expect(quoteName("a\u202eb\u009bc\u2028d\u{e0001}")).to.equal(
      '"a\\u{202e}b\\u{9b}c\\u{2028}d\\u{e0001}"',
    );
    expect(quoteName("\ud800")).to.equal('"\\ud800"');
  });

  it("gives one visible, well-formed line for any name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const quoted = quoteName(name);
        expect(quoted).not.to.match(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(quoted.isWellFormed()).to.equal(true);
      }),
    );
  });
});
