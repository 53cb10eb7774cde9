import { describePostgresStorage } from "./postgres-store-harness.js";

describePostgresStorage("postgres", { max_entries: 1000 });
