-- Looks for the batches of a commit whose answer was lost. The locks come first, in statements of their own: only what
-- is missing under them is missing. Names in braces are filled in by ../procedure-script.ts.
--
-- In: as in commit.sql. Out: s where a namespace stands and its oldest ordinal, b a batch that was carried out.
CREATE PROCEDURE {name}(
  IN p_wait integer, IN p_locks longtext CHARACTER SET ascii, IN p_data longblob,
  IN p_rows longtext CHARACTER SET ascii, IN p_spaces longtext CHARACTER SET ascii, IN p_width integer
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
  DECLARE v_n, v_end, v_slot, v_count, v_first integer DEFAULT 0;
  DECLARE v_data_at, v_name_length, v_batches_at, v_batches_length integer;
  DECLARE v_space, v_batches longtext CHARACTER SET ascii;
  DECLARE v_namespace varbinary(128);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

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

  SET v_n = 0, v_end = length(p_spaces) DIV p_width;
  WHILE v_n < v_end DO
    SET v_space = substring(p_spaces, v_n * p_width + 1, p_width);
    SELECT s.data_at, s.name_length, s.first_batch, s.batches_at, s.batches_length
    INTO v_data_at, v_name_length, v_first, v_batches_at, v_batches_length
    FROM json_table(v_space, '$' COLUMNS (
      data_at integer PATH '$[0]', name_length integer PATH '$[2]', first_batch integer PATH '$[3]',
      batches_at integer PATH '$[6]', batches_length integer PATH '$[7]')) s;
    SET v_namespace = substring(p_data, v_data_at, v_name_length);
    SET v_batches = substring(p_rows, v_batches_at, v_batches_length);
    SELECT 's', v_n, l.at, l.ordinal, l.id,
      (SELECT f.ordinal FROM {log} f WHERE f.namespace = v_namespace ORDER BY f.ordinal LIMIT 1)
    FROM {log} l WHERE l.namespace = v_namespace ORDER BY l.ordinal DESC LIMIT 1;
    SELECT 'b', v_first + b.place - 1, l.ordinal, l.at, l.effects
    FROM json_table(v_batches, '$[*]' COLUMNS (place FOR ORDINALITY, id varchar(64) PATH '$[0]')) b
    JOIN {log} l ON l.namespace = v_namespace AND l.id = CAST(b.id AS BINARY);
    SET v_n = v_n + 1;
  END WHILE;
  COMMIT;
END
