import { describeMysqlStorage } from "./mysql-store-harness.js";

describeMysqlStorage("mysql without a cache", { max_entries: 0 });
