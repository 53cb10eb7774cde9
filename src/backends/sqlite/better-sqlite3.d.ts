/** An optional driver: its own types are not needed, see better-sqlite3-driver.ts. */
declare module "better-sqlite3";
