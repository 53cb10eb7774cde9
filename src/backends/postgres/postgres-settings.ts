import type { BackendSetup } from "../backend.js";

/**
 * The settings of every connection, as expressions of SQL. Each statement of ours finds entries by an index and is
 * prepared once; the planner must not choose another way while a table is small, which would be kept when it is not.
 */
export function sessionSettings(durability: BackendSetup["durability"]): Readonly<Record<string, string>> {
  return {
    default_transaction_isolation: "'read committed'",
    synchronous_commit: synchronousCommit(durability),
    plan_cache_mode: "'force_generic_plan'",
    enable_seqscan: "'off'",
    enable_bitmapscan: "'off'",
    enable_hashjoin: "'off'",
    enable_mergejoin: "'off'",
    max_parallel_workers_per_gather: "'0'",
    jit: "'off'",
    bytea_output: "'hex'",
    extra_float_digits: "'1'",
    client_encoding: "'UTF8'",
    array_nulls: "'on'",
    standard_conforming_strings: "'on'",
    DateStyle: "'ISO'",
  };
}

/** Left as the server has it, unless the configuration asks for more or is content with less. */
function synchronousCommit(durability: BackendSetup["durability"]): string {
  const own = "current_setting('synchronous_commit')";
  if (durability === undefined) return own;
  if (durability === "none" || durability === "interval") return "'off'";
  return `CASE ${own} WHEN 'off' THEN 'on' ELSE ${own} END`;
}
