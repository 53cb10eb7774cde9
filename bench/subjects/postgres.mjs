import { noPostgres, startPostgres } from "../servers/postgres-server.mjs";
import { onOwnServer } from "./own-server.mjs";

const TABLES = `
  CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE items (list TEXT, seq BIGSERIAL, value TEXT NOT NULL, PRIMARY KEY (list, seq));
  CREATE TABLE counters (key TEXT PRIMARY KEY, value BIGINT NOT NULL)`;
const INTO = "INSERT INTO entries";
const REPLACE = "ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const GET = { name: "get", text: "SELECT value FROM entries WHERE key = $1" };
const SET = { name: "set", text: `${INTO} VALUES ($1, $2) ${REPLACE}` };
const SET_MANY = `${INTO} SELECT * FROM unnest($1::text[], $2::text[]) ${REPLACE}`;
const PUSH = { name: "push", text: "INSERT INTO items (list, value) VALUES ($1, $2)" };
const LENGTH = { name: "length", text: "SELECT count(*)::int AS n FROM items WHERE list = $1" };
const INCREMENT = {
  name: "increment",
  text: `INSERT INTO counters AS c VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET value = c.value + 1
    RETURNING value::int AS n`,
};
const COUNTER = { name: "counter", text: "SELECT value::int AS n FROM counters WHERE key = $1" };

/** A server with the tables in it. */
async function start(folder) {
  const { default: pg } = await import("pg");
  const server = await startPostgres(folder);
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(TABLES);
  await client.end();
  return server;
}

/** One prepared statement each, on the driver's pool of ten connections. */
async function connect(url) {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({ connectionString: url });
  const numberFrom = async (query, ...values) => (await pool.query({ ...query, values })).rows[0]?.n ?? 0;
  return {
    get: async (key) => JSON.parse((await pool.query({ ...GET, values: [key] })).rows[0].value),
    set: (key, value) => pool.query({ ...SET, values: [key, JSON.stringify(value)] }),
    setMany: (entries) =>
      pool.query(SET_MANY, [entries.map(([key]) => key), entries.map(([, value]) => JSON.stringify(value))]),
    list: (key) => ({
      push: (item) => pool.query({ ...PUSH, values: [key, JSON.stringify(item)] }),
      length: () => numberFrom(LENGTH, key),
    }),
    counter: (key) => ({
      increment: () => numberFrom(INCREMENT, key),
      get: () => numberFrom(COUNTER, key),
    }),
    close: () => pool.end(),
  };
}

export const subjects = {
  "postgres pool": {
    durability: "power",
    copies: "yes",
    unavailable: noPostgres,
    ...onOwnServer(start, connect),
  },
};
