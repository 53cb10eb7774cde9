-- Looks for the batches of a commit whose answer was lost. The locks come first, in statements of their own: only what
-- is missing under them is missing. Names in braces are filled in by ../function-script.ts.
--
-- In: the plan's namespaces and ids, as in commit.sql. Out: s where a namespace stands, b a batch that was carried out.
CREATE FUNCTION {name}(
  p_lock_ms integer, p_locks integer[], p_data bytea, p_ns_at integer[], p_ns_len integer[], p_batch_end integer[],
  p_id text[]
) RETURNS TABLE (
  o_kind "char", o_number integer, o_ordinal bigint, o_now double precision, o_oldest bigint, o_id text, o_effects text
) LANGUAGE plpgsql AS $holdfast$
DECLARE
  n integer;
  ns bytea;
  b0 integer := 1;
BEGIN
  PERFORM set_config('lock_timeout', p_lock_ms::text, true);
  FOREACH n IN ARRAY p_locks LOOP
    PERFORM pg_advisory_xact_lock({lock_class}, n);
  END LOOP;
  FOR n IN 1 .. cardinality(p_ns_at) LOOP
    ns := substring(p_data FROM p_ns_at[n] FOR p_ns_len[n]);
    RETURN QUERY SELECT 's'::"char", n - 1, l.ordinal, l.at,
        (SELECT f.ordinal FROM {log} f WHERE f.namespace = ns ORDER BY f.ordinal LIMIT 1), l.id, NULL::text
      FROM {log} l WHERE l.namespace = ns ORDER BY l.ordinal DESC LIMIT 1;
    RETURN QUERY SELECT 'b'::"char", (b0 + b.place - 2)::integer, l.ordinal, l.at, NULL::bigint, l.id, l.effects
      FROM {log} l
      JOIN unnest(p_id[b0:p_batch_end[n]]) WITH ORDINALITY AS b(id, place) ON b.id = l.id
      WHERE l.namespace = ns;
    b0 := p_batch_end[n] + 1;
  END LOOP;
END
$holdfast$;
