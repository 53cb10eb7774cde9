import { expect } from "chai";
import { driverFault } from "../../src/core/driver-fault.js";

describe("a driver that cannot be loaded", () => {
  it("is to be installed when it is not there, and looked at when it is", async () => {
    const name = "holdfast-has-no-such-package";
    const absent: unknown = await import(name).catch((error: unknown) => error);
    const missing = driverFault("mysql", "mysql2", absent);
    expect(missing).to.include({ reason: "unsupported", cause: absent });
    expect(missing.message).to.equal(
      "the mysql backend needs the package mysql2, which is not installed; run: npm install mysql2",
    );
    const broken = driverFault("mysql", "mysql2", new SyntaxError("Unexpected token"));
    expect(broken.message).to.equal(
      "the mysql backend needs the package mysql2, which could not be loaded; see the cause",
    );
  });
});
