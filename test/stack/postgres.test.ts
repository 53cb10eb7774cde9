import { POSTGRES } from "../support/postgres-harness.js";
import { describeSqlStorage } from "./sql-store-harness.js";

describeSqlStorage("postgres", { max_entries: 1000 }, POSTGRES);
