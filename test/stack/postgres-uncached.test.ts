import { describePostgresStorage } from "./postgres-store-harness.js";

describePostgresStorage("postgres without a cache", { max_entries: 0 });
