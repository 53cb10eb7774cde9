import { describeMysqlStorage } from "./mysql-store-harness.js";

describeMysqlStorage("mysql", { max_entries: 1000 });
