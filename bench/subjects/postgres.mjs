import { noPostgres, startPostgres } from "../servers/postgres-server.mjs";

const TABLE = "CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL)";
const INTO = "INSERT INTO entries";
const REPLACE = "ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const GET = { name: "get", text: "SELECT value FROM entries WHERE key = $1" };
const SET = { name: "set", text: `${INTO} VALUES ($1, $2) ${REPLACE}` };
const SET_MANY = `${INTO} SELECT * FROM unnest($1::text[], $2::text[]) ${REPLACE}`;

/** One prepared statement each, on the driver's pool of ten connections. */
async function open({ folder }) {
  const { default: pg } = await import("pg");
  const server = await startPostgres(folder);
  const pool = new pg.Pool({ connectionString: server.url });
  await pool.query(TABLE);
  return {
    get: async (key) => JSON.parse((await pool.query({ ...GET, values: [key] })).rows[0].value),
    set: (key, value) => pool.query({ ...SET, values: [key, JSON.stringify(value)] }),
    setMany: (entries) =>
      pool.query(SET_MANY, [entries.map(([key]) => key), entries.map(([, value]) => JSON.stringify(value))]),
    close: async () => {
      await pool.end();
      await server.stop();
    },
  };
}

export const subjects = {
  "postgres pool": { durability: "power", copies: "yes", unavailable: noPostgres, open },
};
