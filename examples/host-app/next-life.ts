// Starts a host on what an earlier process left, shows that everything is there, and fails when it is not.
import { background } from "holdfast";
import { AUDIT } from "./audit/audit-plugin.js";
import { CATALOG } from "./catalog/catalog-plugin.js";
import { createHost } from "./host.js";
import { endWhenUnread, Terminal } from "./terminal.js";

const SHOWN = 5;

const ctx = background();
const terminal = new Terminal(process.stdout, process.env);
endWhenUnread(process.stdout);
const { registry, storage } = await createHost(process.argv[2] ?? ".");
await registry.start(ctx);
const events = await registry.resolve(AUDIT).latest(ctx, SHOWN);
const survived = events.find(({ what }) => what === "the last write before kill -9");
terminal.line(
  survived === undefined
    ? "The last write before kill -9 is LOST"
    : `Event ${survived.number} of process ${survived.process} was recovered from the journal`,
);
const { problems } = await storage.verify(ctx);
terminal.line(
  `${await registry.resolve(CATALOG).count(ctx, "package")} packages are there, ${problems.length} problems`,
);
terminal.table(
  ["event", "what", "process"],
  events.map(({ number, what, process: pid }) => [number, what, pid]),
);
await registry.stop(ctx);
process.exitCode = survived === undefined || problems.length > 0 ? 1 : 0;
