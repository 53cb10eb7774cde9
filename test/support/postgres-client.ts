import { atEndOfTests } from "./fixtures.js";

interface PlainPool {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  on(event: "error", listener: () => void): unknown;
  end(): Promise<void>;
}

const pools = new Map<string, Promise<PlainPool>>();

/** Asks a server beside the store under test; its connections end after the last test. */
export async function askPostgres(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Record<string, unknown>[]> {
  let pool = pools.get(url);
  if (pool === undefined) {
    pool = makePool(url);
    pools.set(url, pool);
    atEndOfTests(async () => (await pool)?.end());
  }
  return (await (await pool).query(text, values)).rows;
}

async function makePool(connectionString: string): Promise<PlainPool> {
  const { default: driver } = (await import("pg")) as unknown as {
    default: { Pool: new (options: object) => PlainPool };
  };
  const pool = new driver.Pool({ connectionString, max: 2, allowExitOnIdle: true });
  pool.on("error", () => undefined);
  return pool;
}
