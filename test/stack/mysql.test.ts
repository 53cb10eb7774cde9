import { MYSQL } from "../support/mysql-harness.js";
import { describeSqlStorage } from "./sql-store-harness.js";

describeSqlStorage("mysql", { max_entries: 1000 }, MYSQL);
