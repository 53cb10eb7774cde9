-- Carries out a commit plan by the steps of ../../sql/commit-plan.ts. Names in braces are filled in by
-- ../function-script.ts.
--
-- In: one array for each column of the plan; keys, values and records stand together in p_data and are named by offset
-- and length. Arrays count from 1, the numbers in them from 0.
-- Out: rows of one shape, what it is (s state, c check, r range, d drop, w write), two numbers, then the columns of an
-- entry or of a namespace's state.
--
-- Entries are found by LATERAL … LIMIT 1, one look into the index each: as a plain join the planner may start from the
-- entries while a table is small, and go through all arrays for every one of them when it is not.
-- '\x01' is the first key of a head: the bytes that keep a structure's items together begin with U+0000.
CREATE FUNCTION {name}(
  p_lock_ms integer, p_sweep boolean, p_keep bigint, p_age double precision, p_locks integer[], p_data bytea,
  p_ns_at integer[], p_ns_len integer[], p_batch_end integer[], p_check_end integer[], p_range_end integer[],
  p_drop_end integer[], p_write_end integer[],
  p_id text[], p_record_at integer[], p_record_len integer[],
  p_check_batch integer[], p_check_item integer[], p_check_at integer[], p_check_len integer[], p_check_version text[],
  p_range_batch integer[], p_range_item integer[], p_range_at integer[], p_range_len integer[],
  p_range_to_at integer[], p_range_to_len integer[], p_range_count bigint[], p_range_digest bigint[],
  p_drop_batch integer[], p_drop_at integer[], p_drop_len integer[], p_drop_to_at integer[], p_drop_to_len integer[],
  p_write_batch integer[], p_write_item integer[], p_write_at integer[], p_write_len integer[],
  p_value_at integer[], p_value_len integer[], p_type smallint[], p_incarnation text[], p_hash bigint[],
  p_in double precision[], p_until double precision[]
) RETURNS TABLE (
  o_kind "char", o_number integer, o_item integer, o_ordinal bigint, o_now double precision, o_version text,
  o_type smallint, o_incarnation text, o_expires_at double precision, o_bytes integer, o_value bytea
) LANGUAGE plpgsql AS $holdfast$
DECLARE
  -- A whole namespace of fewer entries is deleted at once; a larger one moves to its next generation.
  small_namespace CONSTANT integer := 2000;
  -- Rows of the log looked at in one commit to be forgotten, beside twice as many as it adds.
  trim_rows CONSTANT integer := 512;
  -- Commits between two looks at the age of the oldest rows.
  trim_every CONSTANT integer := 64;
  n integer;
  d integer;
  e record;
  ns bytea;
  clock double precision;
  at_ms double precision;
  last record;
  last_ordinal bigint;
  last_id text;
  first_kept bigint;
  kept bigint;
  gen integer;
  gone bigint;
  range_from bytea;
  range_to bytea;
  bad integer[];
  effect_batch integer[];
  effect text[];
  gone_batch integer[];
  gone_heads bigint[];
  b0 integer := 1; c0 integer := 1; r0 integer := 1; d0 integer := 1; w0 integer := 1;
  b1 integer; c1 integer; r1 integer; d1 integer; w1 integer;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'holdfast commits need the isolation level read committed' USING ERRCODE = '25001';
  END IF;
  PERFORM set_config('lock_timeout', p_lock_ms::text, true);
  FOREACH n IN ARRAY p_locks LOOP
    PERFORM pg_advisory_xact_lock({lock_class}, n);
  END LOOP;
  clock := (extract(epoch FROM clock_timestamp()) * 1000)::double precision;

  FOR n IN 1 .. cardinality(p_ns_at) LOOP
    b1 := p_batch_end[n]; c1 := p_check_end[n]; r1 := p_range_end[n]; d1 := p_drop_end[n]; w1 := p_write_end[n];
    ns := substring(p_data FROM p_ns_at[n] FOR p_ns_len[n]);
    bad := '{}';
    effect_batch := '{}'; effect := '{}'; gone_batch := '{}'; gone_heads := '{}';
    SELECT l.ordinal, l.id, l.at, l.oldest, l.generation INTO last
      FROM {log} l WHERE l.namespace = ns ORDER BY l.ordinal DESC LIMIT 1;
    last_ordinal := coalesce(last.ordinal, 0);
    last_id := coalesce(last.id, '');
    first_kept := coalesce(last.oldest, 1);
    gen := coalesce(last.generation, 0);
    at_ms := greatest(clock, last.at);
    o_kind := 's'; o_number := n - 1; o_item := 0; o_ordinal := last_ordinal; o_now := at_ms; o_version := last_id;
    o_type := NULL; o_incarnation := NULL; o_expires_at := NULL; o_bytes := NULL; o_value := NULL;
    RETURN NEXT;

    IF c1 >= c0 THEN
      FOR e IN
        SELECT c.batch, c.item, t.version, t.type, t.incarnation, t.expires_at, t.value
        FROM unnest(p_check_batch[c0:c1], p_check_item[c0:c1], p_check_at[c0:c1], p_check_len[c0:c1],
          p_check_version[c0:c1]) AS c(batch, item, at, len, version)
        LEFT JOIN LATERAL (
          SELECT * FROM {entries} t WHERE t.namespace = ns AND t.generation = gen
            AND t.key = substring(p_data FROM c.at FOR c.len)
            AND (t.expires_at IS NULL OR t.expires_at > at_ms) <> p_sweep LIMIT 1
        ) t ON true
        WHERE t.version IS DISTINCT FROM c.version COLLATE "C"
      LOOP
        bad := bad || e.batch::integer;
        o_kind := 'c'; o_number := e.batch; o_item := e.item; o_version := e.version; o_type := e.type;
        o_incarnation := e.incarnation; o_expires_at := e.expires_at; o_bytes := octet_length(e.value);
        o_value := e.value;
        RETURN NEXT;
      END LOOP;
    END IF;

    IF r1 >= r0 THEN
      FOR e IN
        SELECT r.batch, r.item
        FROM unnest(p_range_batch[r0:r1], p_range_item[r0:r1], p_range_at[r0:r1], p_range_len[r0:r1],
          p_range_to_at[r0:r1], p_range_to_len[r0:r1], p_range_count[r0:r1], p_range_digest[r0:r1])
          AS r(batch, item, at, len, to_at, to_len, amount, digest)
        CROSS JOIN LATERAL (
          SELECT count(*) AS amount, coalesce(sum(t.hash), 0) AS digest FROM {entries} t
          WHERE t.namespace = ns AND t.generation = gen
            AND t.key >= substring(p_data FROM r.at FOR r.len) AND t.key < substring(p_data FROM r.to_at FOR r.to_len)
            AND (t.expires_at IS NULL OR t.expires_at > at_ms)
        ) found
        WHERE found.amount <> r.amount OR (found.digest - r.digest) % 18446744073709551616 <> 0
      LOOP
        bad := bad || e.batch::integer;
        o_kind := 'r'; o_number := e.batch; o_item := e.item; o_version := NULL; o_value := NULL;
        RETURN NEXT;
      END LOOP;
    END IF;

    FOR d IN d0 .. d1 LOOP
      CONTINUE WHEN p_drop_batch[d] = ANY (bad);
      range_from := substring(p_data FROM p_drop_at[d] FOR p_drop_len[d]);
      range_to := substring(p_data FROM p_drop_to_at[d] FOR p_drop_to_len[d]);
      IF range_from = '' AND range_to = '\xff' AND EXISTS (
        SELECT 1 FROM {entries} t WHERE t.namespace = ns AND t.generation = gen OFFSET small_namespace LIMIT 1
      ) THEN
        SELECT count(*) INTO gone FROM {entries} t
          WHERE t.namespace = ns AND t.generation = gen AND t.key >= '\x01'::bytea
            AND (t.expires_at IS NULL OR t.expires_at > at_ms);
        INSERT INTO {left} VALUES (ns, gen);
        gen := gen + 1;
      ELSE
        WITH dead AS (
          DELETE FROM {entries} t
          WHERE t.namespace = ns AND t.generation = gen AND t.key >= range_from AND t.key < range_to
          RETURNING t.key, t.expires_at
        )
        SELECT count(*) INTO gone FROM dead
          WHERE dead.key >= '\x01'::bytea AND (dead.expires_at IS NULL OR dead.expires_at > at_ms);
      END IF;
      IF gone > 0 THEN
        gone_batch := gone_batch || p_drop_batch[d];
        gone_heads := gone_heads || gone;
        o_kind := 'd'; o_number := p_drop_batch[d]; o_ordinal := gone;
        RETURN NEXT;
      END IF;
    END LOOP;

    IF w1 >= w0 THEN
      FOR e IN
        SELECT w.batch, w.item, w.value_at IS NULL AS deletes, t.*
        FROM unnest(p_write_batch[w0:w1], p_write_item[w0:w1], p_write_at[w0:w1], p_write_len[w0:w1],
          p_value_at[w0:w1]) AS w(batch, item, at, len, value_at)
        CROSS JOIN LATERAL (
          SELECT t.version, t.type, t.incarnation, t.expires_at, octet_length(t.value) AS bytes
          FROM {entries} t WHERE t.namespace = ns AND t.generation = gen
            AND t.key = substring(p_data FROM w.at FOR w.len)
            AND (t.expires_at IS NULL OR t.expires_at > at_ms) LIMIT 1
        ) t
        WHERE w.batch <> ALL (bad) AND NOT p_sweep
      LOOP
        o_kind := 'w'; o_number := e.batch; o_item := e.item; o_version := e.version; o_type := e.type;
        o_incarnation := e.incarnation; o_expires_at := e.expires_at; o_bytes := e.bytes; o_value := NULL;
        RETURN NEXT;
        IF e.deletes OR e.incarnation IS NOT NULL THEN
          effect_batch := effect_batch || e.batch::integer;
          effect := effect ||
            json_build_array(e.item, e.version, e.type, e.incarnation, e.expires_at, e.bytes)::text;
        END IF;
      END LOOP;
      DELETE FROM {entries} t WHERE t.ctid = ANY (ARRAY (
        SELECT d.ctid FROM unnest(p_write_batch[w0:w1], p_write_at[w0:w1], p_write_len[w0:w1], p_value_at[w0:w1])
          AS w(batch, at, len, value_at)
        CROSS JOIN LATERAL (
          SELECT t.ctid FROM {entries} t WHERE t.namespace = ns AND t.generation = gen
            AND t.key = substring(p_data FROM w.at FOR w.len) LIMIT 1
        ) d
        WHERE w.value_at IS NULL AND w.batch <> ALL (bad)));
      INSERT INTO {entries} AS t (namespace, generation, key, version, type, incarnation, expires_at, hash, value)
        SELECT ns, gen, substring(p_data FROM w.at FOR w.len), p_id[w.batch + 1], w.type, w.incarnation,
          coalesce(at_ms + w.expires_in, w.expires_at), w.hash, substring(p_data FROM w.value_at FOR w.value_len)
        FROM unnest(p_write_batch[w0:w1], p_write_at[w0:w1], p_write_len[w0:w1], p_value_at[w0:w1],
          p_value_len[w0:w1], p_type[w0:w1], p_incarnation[w0:w1], p_hash[w0:w1], p_in[w0:w1], p_until[w0:w1])
          AS w(batch, at, len, value_at, value_len, type, incarnation, hash, expires_in, expires_at)
        WHERE w.value_at IS NOT NULL AND w.batch <> ALL (bad)
      ON CONFLICT (namespace, generation, key) DO UPDATE SET version = excluded.version, type = excluded.type,
        incarnation = excluded.incarnation, expires_at = excluded.expires_at, hash = excluded.hash,
        value = excluded.value;
    END IF;

    IF last_ordinal - first_kept >= p_keep + least(trim_every, p_keep / 2)
      OR (last_ordinal + b1 - b0 + 1) / trim_every <> last_ordinal / trim_every THEN
      SELECT max(l.ordinal) + 1 INTO kept FROM {log} l
        WHERE l.namespace = ns AND l.ordinal >= first_kept
          AND l.ordinal < least(first_kept + trim_rows + 2 * (b1 - b0 + 1), last_ordinal)
          AND (l.ordinal <= last_ordinal - p_keep OR l.at < at_ms - p_age);
      IF kept > first_kept THEN
        DELETE FROM {log} l WHERE l.namespace = ns AND l.ordinal >= first_kept AND l.ordinal < kept;
        first_kept := kept;
      END IF;
    END IF;

    INSERT INTO {log} (namespace, ordinal, id, previous, at, oldest, generation, record, effects)
      SELECT ns, last_ordinal + row_number() OVER in_order, b.id, lag(b.id, 1, last_id) OVER in_order, at_ms, first_kept,
        gen, substring(p_data FROM b.at FOR b.len), CASE WHEN f.list IS NOT NULL OR g.heads IS NOT NULL THEN
          '{"removed":' || coalesce(g.heads, 0) || ',"replaced":[' || coalesce(f.list, '') || ']}' END
      FROM unnest(p_id[b0:b1], p_record_at[b0:b1], p_record_len[b0:b1]) WITH ORDINALITY AS b(id, at, len, place)
      LEFT JOIN (SELECT u.batch, string_agg(u.effect, ',') AS list FROM unnest(effect_batch, effect) AS u(batch, effect)
        GROUP BY u.batch) f ON f.batch = b0 + b.place - 2
      LEFT JOIN (SELECT u.batch, sum(u.heads) AS heads FROM unnest(gone_batch, gone_heads) AS u(batch, heads)
        GROUP BY u.batch) g ON g.batch = b0 + b.place - 2
      WHERE b.len > 0 AND (b0 + b.place - 2) <> ALL (bad)
      WINDOW in_order AS (ORDER BY b.place);
    IF FOUND THEN
      PERFORM pg_notify('{channel}', encode(ns, 'hex'));
    END IF;

    b0 := b1 + 1; c0 := c1 + 1; r0 := r1 + 1; d0 := d1 + 1; w0 := w1 + 1;
  END LOOP;
END
$holdfast$;
