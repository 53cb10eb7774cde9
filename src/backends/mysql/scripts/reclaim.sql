-- Deletes some entries of a generation that was left behind. Each slice begins behind the last one: rows deleted but not
-- yet purged would be passed again and again. Names in braces are filled in by ../procedure-script.ts.
--
-- In: how many at most. Out: one row, 1 when there was something to do. What another process is at is left to it.
CREATE PROCEDURE {name}(IN p_limit integer)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
  DECLARE v_namespace varbinary(128);
  DECLARE v_generation integer;
  DECLARE v_done, v_last varbinary(1536);
  DECLARE v_deleted bigint DEFAULT 0;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK;
    RESIGNAL;
  END;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SELECT l.namespace, l.generation, l.done INTO v_namespace, v_generation, v_done
  FROM {left} l ORDER BY l.namespace, l.generation LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF v_namespace IS NOT NULL THEN
    SELECT count(*), max(d.k) INTO v_deleted, v_last FROM (
      SELECT t.k FROM {entries} t FORCE INDEX (PRIMARY)
      WHERE t.namespace = v_namespace AND t.generation = v_generation AND t.k > v_done
      ORDER BY t.k LIMIT p_limit) d;
    DELETE FROM {entries}
    WHERE namespace = v_namespace AND generation = v_generation AND k > v_done AND k <= v_last;
    IF v_deleted < p_limit THEN
      DELETE FROM {left} WHERE namespace = v_namespace AND generation = v_generation;
    ELSE
      UPDATE {left} SET done = v_last WHERE namespace = v_namespace AND generation = v_generation;
    END IF;
  END IF;
  COMMIT;
  SELECT v_namespace IS NOT NULL;
END
