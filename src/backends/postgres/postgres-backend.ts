import type { BackendFactory } from "../backend.js";
import { SqlBackend } from "../sql/sql-backend.js";
import { PostgresStore } from "./postgres-store.js";

/** Keeps everything on a PostgreSQL server that many processes may share; see docs/backends.md. */
export const postgresBackend: BackendFactory = (setup) =>
  new SqlBackend("postgres", setup, (own, events) => new PostgresStore(own, events));
