// Writes one event and kills its own process the moment the write is acknowledged: no stop, no flush, no chance.
import { background } from "holdfast";
import { AUDIT } from "./audit/audit-plugin.js";
import { createHost } from "./host.js";

const ctx = background();
const { registry } = await createHost(process.argv[2] ?? ".");
await registry.start(ctx);
const event = await registry.resolve(AUDIT).record(ctx, "the last write before kill -9");
process.stdout.write(`Process ${process.pid} wrote event ${event.number} and is gone\n`);
process.kill(process.pid, "SIGKILL");
