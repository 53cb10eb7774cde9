/** Newer than the oldest Node that is supported; see node-sqlite-driver.ts. */
declare module "node:sqlite";
