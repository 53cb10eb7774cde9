/** Able to name a table without quoting or surprise, and short enough for what is put behind it. */
const TABLE_NAME = /^[a-z_][a-z0-9_]{0,39}$/;

/** Completes "must be" and "give". */
export const TABLE_NAME_RULE = '1 to 40 lower-case letters, digits and "_", not beginning with a digit';

/** Whether a store's tables on a server of SQL may be called so. */
export function isTableName(name: unknown): name is string {
  return typeof name === "string" && TABLE_NAME.test(name);
}
