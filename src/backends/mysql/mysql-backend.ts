import type { BackendFactory } from "../backend.js";
import { SqlBackend } from "../sql/sql-backend.js";
import { MysqlStore } from "./mysql-store.js";

/** Keeps everything on a server of MySQL or MariaDB that many processes may share; see docs/backends.md. */
export const mysqlBackend: BackendFactory = (setup) =>
  new SqlBackend("mysql", setup, (own, events) => new MysqlStore(own, events));
