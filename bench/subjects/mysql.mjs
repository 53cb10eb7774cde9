import { noMariadb, startMariadb } from "../servers/mariadb-server.mjs";

const TABLE = `CREATE TABLE entries (name VARCHAR(255) COLLATE utf8mb4_bin PRIMARY KEY, value LONGTEXT NOT NULL)
  CHARACTER SET utf8mb4`;
const INTO = "INSERT INTO entries VALUES";
const REPLACE = "ON DUPLICATE KEY UPDATE value = VALUES(value)";
const GET = "SELECT value FROM entries WHERE name = ?";
const SET = `${INTO} (?, ?) ${REPLACE}`;

/** One prepared statement each, on the driver's pool of ten connections. */
async function open({ folder }) {
  const { createPool } = await import("mysql2/promise");
  const server = await startMariadb(folder);
  const pool = createPool({ uri: server.url });
  await pool.query(TABLE);
  return {
    get: async (key) => JSON.parse((await pool.execute(GET, [key]))[0][0].value),
    set: (key, value) => pool.execute(SET, [key, JSON.stringify(value)]),
    setMany: (entries) =>
      pool.query(`${INTO} ? ${REPLACE}`, [entries.map(([key, value]) => [key, JSON.stringify(value)])]),
    close: async () => {
      await pool.end();
      await server.stop();
    },
  };
}

export const subjects = {
  "mysql pool": { durability: "power", copies: "yes", unavailable: noMariadb, open },
};
