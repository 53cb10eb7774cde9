-- Carries out a commit plan by the steps of ../../sql/commit-plan.ts. Names in braces are filled in by
-- ../procedure-script.ts.
--
-- In: p_data holds keys, values and records, p_rows holds rows as JSON. p_spaces has a row for each namespace, each of
-- p_width characters, so that one is found without reading those before it: where its part of p_data stands and how long
-- it is; the length of its name, with which that begins; its first batch and how many it has, how many deletes it has,
-- then where its batches, checks, ranges, drops and writes stand in p_rows; a length of 0 where it has none. Ranges and drops
-- are rows of p_width characters too, all others arrays of rows. Rows name places in their namespace's part of p_data. Places count from 1, all else from 0.
--   batches  [id, record at, length]
--   checks   [batch, item, key at, length, version or null]
--   ranges   [batch, item, from at, length, to at or null, length, count, sum of hashes]
--   drops    [batch, from at, length, to at or null, length]
--   writes   [batch, item, key at, length, value at or null, length, version, type, incarnation or null, hash,
--             expires in ms or null, expires at or null]
-- Out: sets of rows whose first column says what they are: s state, c check, r range, d drop, w write.
--
-- Ranges and drops are taken one by one: joined, the server reads the whole namespace for each of them, for it looks into
-- an index by a range only when the bounds are known before. (A cursor over them costs a table on the disk.) What is looked up by whole keys is
-- joined; STRAIGHT_JOIN and FORCE INDEX keep it to one look each, however few rows the server believes a table to have.
-- The server puts the values of all variables that a statement names into its text, each time, but not those of SET: so
-- p_data and p_rows are cut up by SET, and statements name the namespace's part alone.
-- SYSDATE is the clock; NOW may be the time at which the call began. X'01' is the first key of a head: the bytes that keep
-- a structure's items together begin with U+0000.
CREATE PROCEDURE {name}(
  IN p_wait integer, IN p_sweep tinyint, IN p_keep bigint, IN p_age double,
  IN p_locks longtext CHARACTER SET ascii, IN p_data longblob, IN p_rows longtext CHARACTER SET ascii,
  IN p_spaces longtext CHARACTER SET ascii, IN p_width integer
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
  -- A whole namespace of fewer entries is deleted at once; a larger one moves to its next generation.
  DECLARE v_small integer DEFAULT 2000;
  -- Rows of the log looked at in one commit to be forgotten, beside twice as many as it adds.
  DECLARE v_trim_rows integer DEFAULT 512;
  -- Commits between two looks at the age of the oldest rows.
  DECLARE v_trim_every integer DEFAULT 64;
  -- Most bytes of what the log keeps of one write's effects.
  DECLARE v_effect_bytes integer DEFAULT 160;
  DECLARE v_n, v_end, v_slot, v_first, v_amount, v_deletes, v_generation integer DEFAULT 0;
  DECLARE v_data_at, v_data_length, v_name_length, v_batches_at, v_batches_length, v_checks_at, v_checks_length,
    v_ranges_at, v_ranges_length, v_drops_at, v_drops_length, v_writes_at, v_writes_length integer;
  DECLARE v_count, v_kept, v_ordinal, v_oldest bigint DEFAULT 0;
  DECLARE v_clock, v_now, v_at double;
  DECLARE v_space longtext CHARACTER SET ascii;
  DECLARE v_row, v_rows, v_batch, v_item, v_from_at, v_from_length, v_to_at, v_to_length integer;
  DECLARE v_amount_expected bigint;
  DECLARE v_digest, v_sum decimal(65, 0);
  DECLARE v_from, v_to varbinary(1536);
  DECLARE v_data longblob;
  DECLARE v_namespace varbinary(128);
  DECLARE v_id varbinary(64);
  DECLARE v_batches, v_checks, v_ranges, v_drops, v_writes, v_gone longtext CHARACTER SET ascii;
  -- One character for each batch of the namespace: 1 when it does nothing.
  DECLARE v_bad longtext CHARACTER SET ascii;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  -- Whoever ends this call asks afterwards whether it may have committed.
  SET @holdfast_commits = 0;
  IF CAST(@@global.read_only AS CHAR) NOT IN ('0', 'OFF') THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1290, MESSAGE_TEXT = 'the server is read-only';
  END IF;
  SET innodb_lock_wait_timeout = p_wait;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SET v_end = json_length(p_locks);
  WHILE v_n < v_end DO
    SET v_slot = NULL, v_count = json_extract(p_locks, concat('$[', v_n, ']')), v_n = v_n + 1;
    SELECT l.slot INTO v_slot FROM {locks} l WHERE l.slot = v_count FOR UPDATE;
    IF v_slot IS NULL THEN
      SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 30001, MESSAGE_TEXT = 'a row that commits lock is gone';
    END IF;
  END WHILE;
  SET v_clock = unix_timestamp(sysdate(6)) * 1e3;

  SET v_n = 0, v_end = length(p_spaces) DIV p_width;
  WHILE v_n < v_end DO
    SET v_space = substring(p_spaces, v_n * p_width + 1, p_width);
    SELECT s.data_at, s.data_length, s.name_length, s.first_batch, s.amount, s.deletes, s.batches_at, s.batches_length,
      s.checks_at, s.checks_length, s.ranges_at, s.ranges_length, s.drops_at, s.drops_length, s.writes_at,
      s.writes_length
    INTO v_data_at, v_data_length, v_name_length, v_first, v_amount, v_deletes, v_batches_at, v_batches_length,
      v_checks_at, v_checks_length, v_ranges_at, v_ranges_length, v_drops_at, v_drops_length, v_writes_at,
      v_writes_length
    FROM json_table(v_space, '$' COLUMNS (
      data_at integer PATH '$[0]', data_length integer PATH '$[1]', name_length integer PATH '$[2]',
      first_batch integer PATH '$[3]', amount integer PATH '$[4]', deletes integer PATH '$[5]',
      batches_at integer PATH '$[6]', batches_length integer PATH '$[7]', checks_at integer PATH '$[8]',
      checks_length integer PATH '$[9]', ranges_at integer PATH '$[10]', ranges_length integer PATH '$[11]',
      drops_at integer PATH '$[12]', drops_length integer PATH '$[13]', writes_at integer PATH '$[14]',
      writes_length integer PATH '$[15]')) s;
    SET v_data = substring(p_data, v_data_at, v_data_length), v_namespace = substring(v_data, 1, v_name_length);
    SET v_batches = substring(p_rows, v_batches_at, v_batches_length);
    SET v_checks = nullif(substring(p_rows, v_checks_at, v_checks_length), '');
    SET v_ranges = nullif(substring(p_rows, v_ranges_at, v_ranges_length), '');
    SET v_drops = nullif(substring(p_rows, v_drops_at, v_drops_length), '');
    SET v_writes = nullif(substring(p_rows, v_writes_at, v_writes_length), '');
    SET v_bad = repeat('0', v_amount), v_gone = '';
    SET v_ordinal = 0, v_id = '', v_at = 0, v_oldest = 1, v_generation = 0;
    SELECT l.ordinal, l.id, l.at, l.oldest, l.generation INTO v_ordinal, v_id, v_at, v_oldest, v_generation
    FROM {log} l WHERE l.namespace = v_namespace ORDER BY l.ordinal DESC LIMIT 1;
    SET v_now = greatest(v_clock, v_at);
    SELECT 's', v_n, v_now, v_ordinal, v_id;

    IF v_checks IS NOT NULL THEN
      SET v_count = (
        SELECT count(*)
        FROM json_table(v_checks, '$[*]' COLUMNS (
          batch integer PATH '$[0]', item integer PATH '$[1]', at integer PATH '$[2]', length integer PATH '$[3]',
          version varchar(64) PATH '$[4]')) c
        LEFT JOIN {entries} t FORCE INDEX (PRIMARY)
        ON t.namespace = v_namespace AND t.generation = v_generation AND t.k = substring(v_data, c.at, c.length)
          AND (t.expires_at IS NULL OR t.expires_at > v_now) <> p_sweep
        WHERE NOT (t.version <=> CAST(c.version AS BINARY)));
      IF v_count > 0 THEN
        SELECT 'c', c.batch, c.item, t.version, t.type, t.incarnation, t.expires_at, t.bytes, t.value
        FROM json_table(v_checks, '$[*]' COLUMNS (
          batch integer PATH '$[0]', item integer PATH '$[1]', at integer PATH '$[2]', length integer PATH '$[3]',
          version varchar(64) PATH '$[4]')) c
        LEFT JOIN {entries} t FORCE INDEX (PRIMARY)
        ON t.namespace = v_namespace AND t.generation = v_generation AND t.k = substring(v_data, c.at, c.length)
          AND (t.expires_at IS NULL OR t.expires_at > v_now) <> p_sweep
        WHERE NOT (t.version <=> CAST(c.version AS BINARY));
        SET v_bad = (
          SELECT group_concat(if(f.batch IS NULL, '0', '1') ORDER BY b.place SEPARATOR '')
          FROM json_table(v_batches, '$[*]' COLUMNS (place FOR ORDINALITY)) b
          LEFT JOIN (
            SELECT DISTINCT c.batch
            FROM json_table(v_checks, '$[*]' COLUMNS (
              batch integer PATH '$[0]', item integer PATH '$[1]', at integer PATH '$[2]', length integer PATH '$[3]',
              version varchar(64) PATH '$[4]')) c
            LEFT JOIN {entries} t FORCE INDEX (PRIMARY)
            ON t.namespace = v_namespace AND t.generation = v_generation AND t.k = substring(v_data, c.at, c.length)
              AND (t.expires_at IS NULL OR t.expires_at > v_now) <> p_sweep
            WHERE NOT (t.version <=> CAST(c.version AS BINARY))
          ) f ON f.batch = v_first + b.place - 1);
        IF length(v_bad) <> v_amount THEN
          SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 30002, MESSAGE_TEXT = 'too many commits at once';
        END IF;
      END IF;
    END IF;

    SET v_row = 0, v_rows = coalesce(length(v_ranges), 0) DIV p_width;
    WHILE v_row < v_rows DO
      SET v_space = substring(v_ranges, v_row * p_width + 1, p_width), v_row = v_row + 1;
      SELECT r.batch, r.item, r.at, r.length, r.to_at, r.to_length, r.amount, r.digest
      INTO v_batch, v_item, v_from_at, v_from_length, v_to_at, v_to_length, v_amount_expected, v_digest
      FROM json_table(v_space, '$' COLUMNS (
        batch integer PATH '$[0]', item integer PATH '$[1]', at integer PATH '$[2]', length integer PATH '$[3]',
        to_at integer PATH '$[4]', to_length integer PATH '$[5]', amount bigint PATH '$[6]',
        digest bigint PATH '$[7]')) r;
      SET v_from = substring(v_data, v_from_at, v_from_length);
      SET v_to = coalesce(substring(v_data, v_to_at, v_to_length), X'FF');
      SELECT count(*), coalesce(sum(t.hash), 0) INTO v_count, v_sum
      FROM {entries} t FORCE INDEX (PRIMARY)
      WHERE t.namespace = v_namespace AND t.generation = v_generation AND t.k >= v_from AND t.k < v_to
        AND (t.expires_at IS NULL OR t.expires_at > v_now);
      -- abs: MariaDB has a zero with a sign, which is not equal to zero.
      IF v_count <> v_amount_expected OR abs(v_sum - v_digest) MOD 18446744073709551616 <> 0 THEN
        SET v_bad = insert(v_bad, v_batch - v_first + 1, 1, '1');
        SELECT 'r', v_batch, v_item;
      END IF;
    END WHILE;

    SET v_row = 0, v_rows = coalesce(length(v_drops), 0) DIV p_width;
    WHILE v_row < v_rows DO
      SET v_space = substring(v_drops, v_row * p_width + 1, p_width), v_row = v_row + 1;
      SELECT d.batch, d.at, d.length, d.to_at, d.to_length
      INTO v_batch, v_from_at, v_from_length, v_to_at, v_to_length
      FROM json_table(v_space, '$' COLUMNS (
        batch integer PATH '$[0]', at integer PATH '$[1]', length integer PATH '$[2]', to_at integer PATH '$[3]',
        to_length integer PATH '$[4]')) d;
      IF substring(v_bad, v_batch - v_first + 1, 1) = '0' THEN
        SET v_from = substring(v_data, v_from_at, v_from_length);
        SET v_to = coalesce(substring(v_data, v_to_at, v_to_length), X'FF');
        SELECT count(*) INTO v_count FROM {entries} t FORCE INDEX (PRIMARY)
        WHERE t.namespace = v_namespace AND t.generation = v_generation AND t.k >= greatest(v_from, X'01')
          AND t.k < v_to AND (t.expires_at IS NULL OR t.expires_at > v_now);
        IF v_count > 0 THEN
          SET v_gone = concat(v_gone, if(v_gone = '', '', ','), '[', v_batch, ',', v_count, ']');
          SELECT 'd', v_batch, v_count;
        END IF;
        IF v_from = '' AND v_to = X'FF' THEN
          SELECT count(*) INTO v_count FROM (
            SELECT 1 FROM {entries} t FORCE INDEX (PRIMARY)
            WHERE t.namespace = v_namespace AND t.generation = v_generation LIMIT 2001) some;
        ELSE
          SET v_count = 0;
        END IF;
        IF v_count > v_small THEN
          INSERT INTO {left} (namespace, generation) VALUES (v_namespace, v_generation);
          SET v_generation = v_generation + 1;
        ELSE
          DELETE FROM {entries}
          WHERE namespace = v_namespace AND generation = v_generation AND k >= v_from AND k < v_to;
        END IF;
      END IF;
    END WHILE;

    SET v_kept = 0;
    IF v_writes IS NOT NULL AND NOT p_sweep THEN
      SELECT count(*), coalesce(sum(w.value_at IS NULL OR t.incarnation IS NOT NULL), 0) INTO v_count, v_kept
      FROM json_table(v_writes, '$[*]' COLUMNS (
        batch integer PATH '$[0]', at integer PATH '$[2]', length integer PATH '$[3]', value_at integer PATH '$[4]')) w
      STRAIGHT_JOIN {entries} t FORCE INDEX (PRIMARY)
      ON t.namespace = v_namespace AND t.generation = v_generation AND t.k = substring(v_data, w.at, w.length)
      WHERE (t.expires_at IS NULL OR t.expires_at > v_now) AND substring(v_bad, w.batch - v_first + 1, 1) = '0';
      IF v_count > 0 THEN
        SELECT 'w', w.batch, w.item, t.version, t.type, t.incarnation, t.expires_at, t.bytes
        FROM json_table(v_writes, '$[*]' COLUMNS (
          batch integer PATH '$[0]', item integer PATH '$[1]', at integer PATH '$[2]', length integer PATH '$[3]')) w
        STRAIGHT_JOIN {entries} t FORCE INDEX (PRIMARY)
        ON t.namespace = v_namespace AND t.generation = v_generation AND t.k = substring(v_data, w.at, w.length)
        WHERE (t.expires_at IS NULL OR t.expires_at > v_now) AND substring(v_bad, w.batch - v_first + 1, 1) = '0';
      END IF;
      -- group_concat cuts what is too long with a warning, and the log would lack what was cut.
      IF v_kept * v_effect_bytes > least(@@group_concat_max_len, @@max_allowed_packet) THEN
        SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 30002, MESSAGE_TEXT = 'too many keys deleted at once';
      END IF;
    END IF;

    IF v_ordinal - v_oldest >= p_keep + least(v_trim_every, p_keep / 2)
      OR (v_ordinal + v_amount) DIV v_trim_every <> v_ordinal DIV v_trim_every THEN
      SELECT max(l.ordinal) + 1 INTO v_count FROM {log} l
      WHERE l.namespace = v_namespace AND l.ordinal >= v_oldest
        AND l.ordinal < least(v_oldest + v_trim_rows + 2 * v_amount, v_ordinal)
        AND (l.ordinal <= v_ordinal - p_keep OR l.at < v_now - p_age);
      IF v_count > v_oldest THEN
        DELETE FROM {log} WHERE namespace = v_namespace AND ordinal >= v_oldest AND ordinal < v_count;
        SET v_oldest = v_count;
      END IF;
    END IF;

    IF v_kept = 0 AND v_gone = '' AND v_amount = 1 THEN
      SET v_count = json_extract(v_batches, '$[0][2]');
      IF v_count > 0 AND v_bad = '0' THEN
        INSERT INTO {log} (namespace, ordinal, id, previous, at, oldest, generation, record)
        VALUES (v_namespace, v_ordinal + 1, json_unquote(json_extract(v_batches, '$[0][0]')), v_id, v_now, v_oldest,
          v_generation, substring(v_data, json_extract(v_batches, '$[0][1]'), v_count));
      END IF;
    ELSEIF v_kept = 0 AND v_gone = '' THEN
      INSERT INTO {log} (namespace, ordinal, id, previous, at, oldest, generation, record)
      SELECT v_namespace, v_ordinal + row_number() OVER in_order, CAST(b.id AS BINARY),
        coalesce(CAST(lag(b.id) OVER in_order AS BINARY), v_id), v_now, v_oldest, v_generation,
        substring(v_data, b.at, b.length)
      FROM json_table(v_batches, '$[*]' COLUMNS (
        place FOR ORDINALITY, id varchar(64) PATH '$[0]', at integer PATH '$[1]', length integer PATH '$[2]')) b
      WHERE b.length > 0 AND substring(v_bad, b.place, 1) = '0'
      WINDOW in_order AS (ORDER BY b.place);
    ELSE
      -- Before the entries change: the effects are what the writes meet.
      INSERT INTO {log} (namespace, ordinal, id, previous, at, oldest, generation, record, effects)
      SELECT v_namespace, v_ordinal + row_number() OVER in_order, CAST(b.id AS BINARY),
        coalesce(CAST(lag(b.id) OVER in_order AS BINARY), v_id), v_now, v_oldest, v_generation,
        substring(v_data, b.at, b.length), if(f.list IS NULL AND g.heads IS NULL, NULL,
          concat('{"removed":', coalesce(g.heads, 0), ',"replaced":[', coalesce(f.list, ''), ']}'))
      FROM json_table(v_batches, '$[*]' COLUMNS (
        place FOR ORDINALITY, id varchar(64) PATH '$[0]', at integer PATH '$[1]', length integer PATH '$[2]')) b
      LEFT JOIN (
        SELECT w.batch, group_concat(concat('[', w.item, ',"', t.version, '",', t.type, ',',
          coalesce(concat('"', t.incarnation, '"'), 'null'), ',', coalesce(t.expires_at, 'null'), ',', t.bytes, ']')) AS list
        FROM json_table(if(v_kept > 0, v_writes, '[]'), '$[*]' COLUMNS (
          batch integer PATH '$[0]', item integer PATH '$[1]', at integer PATH '$[2]', length integer PATH '$[3]',
          value_at integer PATH '$[4]')) w
        STRAIGHT_JOIN {entries} t FORCE INDEX (PRIMARY)
        ON t.namespace = v_namespace AND t.generation = v_generation AND t.k = substring(v_data, w.at, w.length)
        WHERE (t.expires_at IS NULL OR t.expires_at > v_now) AND (w.value_at IS NULL OR t.incarnation IS NOT NULL)
        GROUP BY w.batch
      ) f ON f.batch = v_first + b.place - 1
      LEFT JOIN (
        SELECT r.batch, sum(r.heads) AS heads
        FROM json_table(concat('[', v_gone, ']'), '$[*]' COLUMNS (
          batch integer PATH '$[0]', heads bigint PATH '$[1]')) r
        GROUP BY r.batch
      ) g ON g.batch = v_first + b.place - 1
      WHERE b.length > 0 AND substring(v_bad, b.place, 1) = '0'
      WINDOW in_order AS (ORDER BY b.place);
    END IF;

    IF v_deletes > 0 THEN
      DELETE t FROM json_table(v_writes, '$[*]' COLUMNS (
        batch integer PATH '$[0]', at integer PATH '$[2]', length integer PATH '$[3]', value_at integer PATH '$[4]')) w
      STRAIGHT_JOIN {entries} t FORCE INDEX (PRIMARY)
      ON t.namespace = v_namespace AND t.generation = v_generation AND t.k = substring(v_data, w.at, w.length)
      WHERE w.value_at IS NULL AND substring(v_bad, w.batch - v_first + 1, 1) = '0';
    END IF;
    IF v_writes IS NOT NULL THEN
      INSERT INTO {entries}
        (namespace, generation, k, version, type, incarnation, expires_at, hash, bytes, value)
      SELECT v_namespace, v_generation, substring(v_data, w.at, w.length), CAST(w.version AS BINARY), w.type,
        CAST(w.incarnation AS BINARY), coalesce(v_now + w.expires_in, w.expires_at), w.hash, w.value_length,
        substring(v_data, w.value_at, w.value_length)
      FROM json_table(v_writes, '$[*]' COLUMNS (
        batch integer PATH '$[0]', at integer PATH '$[2]', length integer PATH '$[3]', value_at integer PATH '$[4]',
        value_length integer PATH '$[5]', version varchar(64) PATH '$[6]', type tinyint PATH '$[7]',
        incarnation varchar(64) PATH '$[8]', hash bigint PATH '$[9]', expires_in double PATH '$[10]',
        expires_at double PATH '$[11]')) w
      WHERE w.value_at IS NOT NULL AND substring(v_bad, w.batch - v_first + 1, 1) = '0'
      ON DUPLICATE KEY UPDATE version = VALUES(version), type = VALUES(type), incarnation = VALUES(incarnation),
        expires_at = VALUES(expires_at), hash = VALUES(hash), bytes = VALUES(bytes), value = VALUES(value);
    END IF;
    SET v_n = v_n + 1;
  END WHILE;

  SET @holdfast_commits = 1;
  COMMIT;
END
