-- Looks for what became of commits whose answers were lost, under the locks of their namespaces. `spaces` has, for each
-- namespace, [ns, the id of a batch that writes]: the frame of a call holds the ids of all its batches there.
--
-- Answers sets of rows whose first column says what they are: 'state' (place in spaces, ordinal, last, now, oldest
-- ordinal kept), 'frame' (place in spaces, a row of the log).
create procedure `{table}_recall`(in spaces longtext)
  modifies sql data
  sql security invoker
begin
  declare i int default 0;
  declare ns_id int unsigned;
  declare exit handler for sqlexception begin rollback; resignal; end;

  start transaction;
  while i < json_length(spaces) do
    set ns_id = json_extract(spaces, concat('$[', i, '][0]'));
    select 'state', i, n.ordinal, n.last, greatest(n.clock, floor(unix_timestamp(sysdate(3)) * 1000)),
      coalesce((select min(c.ordinal - c.commits + 1) from `{table}_changes` c where c.ns = n.id), 0)
    from `{table}_namespaces` n where n.id = ns_id for update;
    set i = i + 1;
  end while;

  set i = 0;
  while i < json_length(spaces) do
    set ns_id = json_extract(spaces, concat('$[', i, '][0]'));
    select 'frame', i, ordinal, commits, previous, clock, failed, removed, replaced, frame
    from `{table}_changes`
    where ns = ns_id and locate(cast(json_unquote(json_extract(spaces, concat('$[', i, '][1]'))) as binary), frame) > 0;
    set i = i + 1;
  end while;
  commit;
end
