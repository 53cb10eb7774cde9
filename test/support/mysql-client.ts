import { atEndOfTests } from "./fixtures.js";

interface PlainPool {
  query(text: string): Promise<readonly [rows: unknown]>;
  end(): Promise<void>;
}

const pools = new Map<string, Promise<PlainPool>>();

/** Asks a server beside the store under test; its connections end after the last test. */
export async function askMysql(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  let pool = pools.get(url);
  if (pool === undefined) {
    pool = makePool(url);
    pools.set(url, pool);
    atEndOfTests(async () => (await pool)?.end());
  }
  return (await (await pool).query(text))[0] as readonly Record<string, unknown>[];
}

async function makePool(uri: string): Promise<PlainPool> {
  const { default: driver } = (await import("mysql2/promise")) as unknown as {
    default: { createPool(options: object): PlainPool };
  };
  return driver.createPool({ uri, connectionLimit: 2 });
}
