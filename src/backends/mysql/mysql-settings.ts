/** Beyond the deadlines of our own the server has one too, for what it goes on with when nobody waits any more. */
const SERVER_SLACK_MS = 1000;
/** Of what `group_concat` gathers; the commit procedure refuses more. */
const CONCAT_BYTES = 1024 * 1024 * 1024;

/** How long the server may work at a statement of a call that has so much time. */
export function statementMs(callMs: number): number {
  return Math.ceil(callMs) + SERVER_SLACK_MS;
}

/** The name and value of the setting that limits a statement's time: the two servers have each their own. */
export function statementLimit(isMariadb: boolean, ms: number): string {
  return isMariadb ? `max_statement_time = ${ms / 1000}` : `max_execution_time = ${ms}`;
}

/**
 * What every connection begins with. Times are written and read in one zone without summer time, in which an hour would
 * come twice; what does not fit is refused instead of cut; waits for locks have an end also when nobody cancels them.
 */
export function sessionSettings(isMariadb: boolean, operationTimeoutMs: number): readonly string[] {
  const ms = statementMs(operationTimeoutMs);
  const seconds = Math.ceil(ms / 1000);
  const settings = [
    "autocommit = 1",
    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    "time_zone = '+00:00'",
    // Whatever the server is told for others: no rows are kept back, no statement is refused, no transaction goes on by itself.
    "sql_select_limit = 18446744073709551615",
    "sql_big_selects = 1",
    "sql_safe_updates = 0",
    "completion_type = 'NO_CHAIN'",
    `group_concat_max_len = ${CONCAT_BYTES}`,
    `innodb_lock_wait_timeout = ${seconds}`,
    `lock_wait_timeout = ${seconds}`,
    statementLimit(isMariadb, ms),
  ];
  return [
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    `SET SESSION ${settings.join(", SESSION ")}`,
  ];
}
