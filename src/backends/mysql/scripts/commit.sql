-- Carries out a commit plan (../../sql/commit-plan.ts): its batches, each atomically and apart from its neighbours.
--
-- Rows come as JSON arrays of arrays, a section without rows as null. Their bytes stand together in `bytes` and are
-- named by offset (from 1) and length, so that nothing is encoded twice.
--
--   spaces   [ns, [batch that writes, …], [its version, …], frame offset, length]    ascending by ns
--   checks   [batch, item, ns, key offset, length, version | null]
--   ranges   [batch, item, ns, start offset, length, end offset, length, "count:sum of hashes"]
--   drops    [batch, item, ns, start offset, length, end offset, length, 1: the whole namespace]
--   deletes  [batch, item, ns, key offset, length]
--   puts     [batch, item, ns, key offset, length, value offset, length, version, hash, type, incarnation | null,
--             expires in ms | null, expires at ms | null]
--   sweep    1: the checks are of expired entries
--   retain   rows of the log older than this many commits, or than this many ms, are forgotten
--
-- Answers sets of rows whose first column says what they are: 'state' (now, where the namespaces stood before as
-- [ordinal, last], ranges that did not hold as [batch, item]), 'conflict' for checks that did not hold, with the current
-- entries, 'removed' with the heads that drops removed as [batch, heads], 'replaced' for what deletes and puts met.
--
-- The order of the steps makes them right: first the locks of the namespaces; all else in later statements, whose
-- snapshots (READ COMMITTED) are younger than every commit before; the clock after the locks, never stepping back.
create procedure `{table}_commit`(
  in spaces longtext, in checks longtext, in ranges longtext, in drops longtext, in deletes longtext, in puts longtext,
  in bytes longblob, in sweep tinyint, in retain_count bigint, in retain_ms bigint
)
  modifies sql data
  sql security invoker
begin
  declare now_ms, seen, heads, good, newest, batch_id, i bigint default 0;
  declare ns_id, generation_id int unsigned;
  declare failed, failed_ranges, stood, removed, replaced longtext default '';
  declare item longtext;
  declare found_range varchar(64);
  declare low, high varbinary(1537);
  declare exit handler for sqlexception begin rollback; resignal; end;

  start transaction;

  while i < json_length(spaces) do
    select clock, concat_ws(',', nullif(stood, ''), json_array(ordinal, convert(last using utf8mb4))) into seen, stood
    from `{table}_namespaces` where id = json_extract(spaces, concat('$[', i, '][0]')) for update;
    set now_ms = greatest(now_ms, seen), i = i + 1;
  end while;
  set now_ms = greatest(now_ms, floor(unix_timestamp(sysdate(3)) * 1000));

  if checks is not null then
    select coalesce(group_concat(distinct c.batch), '') into failed
    from json_table(checks, '$[*]' columns (
      batch int path '$[0]', ns int unsigned path '$[2]', o int path '$[3]', l int path '$[4]',
      version varchar(24) path '$[5]')) c
    straight_join `{table}_namespaces` n on n.id = c.ns
    left join `{table}` e on e.ns = n.id and e.generation = n.generation and e.k = substring(bytes, c.o, c.l)
      and if(e.expires <= now_ms, 1, 0) = sweep
    where not (e.version <=> cast(c.version as binary));
  end if;

  set i = 0;
  while i < coalesce(json_length(ranges), 0) do
    set item = json_extract(ranges, concat('$[', i, ']')), i = i + 1;
    select id, generation into ns_id, generation_id
    from `{table}_namespaces` where id = json_extract(item, '$[2]');
    set low = substring(bytes, json_extract(item, '$[3]'), json_extract(item, '$[4]'));
    set high = substring(bytes, json_extract(item, '$[5]'), json_extract(item, '$[6]'));
    -- The sum of signed hashes, brought back to a number of 64 bits without a sign.
    select concat(count(*), ':',
      mod(mod(coalesce(sum(hash), 0), 18446744073709551616) + 18446744073709551616, 18446744073709551616))
    into found_range
    from `{table}`
    where ns = ns_id and generation = generation_id and k >= low and k < high
      and (expires is null or expires > now_ms);
    if found_range <> json_value(item, '$[7]') then
      set failed = concat_ws(',', nullif(failed, ''), json_extract(item, '$[0]'));
      set failed_ranges = concat_ws(',', nullif(failed_ranges, ''),
        json_array(json_extract(item, '$[0]'), json_extract(item, '$[1]')));
    end if;
  end while;

  select 'state', now_ms, stood, failed_ranges;

  if failed <> '' and checks is not null then
    select 'conflict', c.batch, c.item, e.version, e.type, e.incarnation, e.expires, e.size, e.value
    from json_table(checks, '$[*]' columns (
      batch int path '$[0]', item int path '$[1]', ns int unsigned path '$[2]', o int path '$[3]', l int path '$[4]',
      version varchar(24) path '$[5]')) c
    straight_join `{table}_namespaces` n on n.id = c.ns
    left join `{table}` e on e.ns = n.id and e.generation = n.generation and e.k = substring(bytes, c.o, c.l)
      and if(e.expires <= now_ms, 1, 0) = sweep
    where not (e.version <=> cast(c.version as binary));
  end if;

  set i = 0;
  while i < coalesce(json_length(drops), 0) do
    set item = json_extract(drops, concat('$[', i, ']')), i = i + 1;
    set batch_id = json_extract(item, '$[0]');
    if not find_in_set(batch_id, failed) then
      select id, generation into ns_id, generation_id
      from `{table}_namespaces` where id = json_extract(item, '$[2]');
      set low = substring(bytes, json_extract(item, '$[3]'), json_extract(item, '$[4]'));
      set high = substring(bytes, json_extract(item, '$[5]'), json_extract(item, '$[6]'));
      select count(*) into heads from `{table}`
      where ns = ns_id and generation = generation_id and k >= greatest(low, x'01') and k < high
        and (expires is null or expires > now_ms);
      set removed = concat_ws(',', nullif(removed, ''), json_array(batch_id, heads));
      if json_extract(item, '$[7]') = 1 then
        update `{table}_namespaces` set generation = generation + 1, remains = 1 where id = ns_id;
      else
        delete from `{table}` where ns = ns_id and generation = generation_id and k >= low and k < high;
      end if;
    end if;
  end while;
  if drops is not null then
    select 'removed', removed;
  end if;

  if deletes is not null then
    select 'replaced', w.batch, w.item, e.version, e.type, e.incarnation, e.expires, e.size
    from json_table(deletes, '$[*]' columns (
      batch int path '$[0]', item int path '$[1]', ns int unsigned path '$[2]', o int path '$[3]',
      l int path '$[4]')) w
    straight_join `{table}_namespaces` n on n.id = w.ns
    straight_join `{table}` e on e.ns = n.id and e.generation = n.generation and e.k = substring(bytes, w.o, w.l)
    where (e.expires is null or e.expires > now_ms) and not find_in_set(w.batch, failed);

    select coalesce(group_concat(json_array(w.batch, w.item, convert(e.version using utf8mb4), e.type,
      convert(e.incarnation using utf8mb4), e.expires, e.size)), '') into replaced
    from json_table(deletes, '$[*]' columns (
      batch int path '$[0]', item int path '$[1]', ns int unsigned path '$[2]', o int path '$[3]',
      l int path '$[4]')) w
    straight_join `{table}_namespaces` n on n.id = w.ns
    straight_join `{table}` e on e.ns = n.id and e.generation = n.generation and e.k = substring(bytes, w.o, w.l)
    where (e.expires is null or e.expires > now_ms) and not find_in_set(w.batch, failed);

    delete e
    from json_table(deletes, '$[*]' columns (
      batch int path '$[0]', ns int unsigned path '$[2]', o int path '$[3]', l int path '$[4]')) w
    straight_join `{table}_namespaces` n on n.id = w.ns
    straight_join `{table}` e on e.ns = n.id and e.generation = n.generation and e.k = substring(bytes, w.o, w.l)
    where not find_in_set(w.batch, failed);
  end if;

  if puts is not null then
    select 'replaced', w.batch, w.item, e.version, e.type, e.incarnation, e.expires, e.size
    from json_table(puts, '$[*]' columns (
      batch int path '$[0]', item int path '$[1]', ns int unsigned path '$[2]', o int path '$[3]',
      l int path '$[4]')) w
    straight_join `{table}_namespaces` n on n.id = w.ns
    straight_join `{table}` e on e.ns = n.id and e.generation = n.generation and e.k = substring(bytes, w.o, w.l)
    where (e.expires is null or e.expires > now_ms) and not find_in_set(w.batch, failed);

    insert into `{table}` (ns, generation, k, version, type, incarnation, expires, hash, size, value)
    select n.id, n.generation, substring(bytes, w.o, w.l), w.version, w.type, w.incarnation,
      coalesce(now_ms + w.in_ms, w.at_ms), w.hash, w.vl,
      substring(bytes, w.vo, w.vl)
    from json_table(puts, '$[*]' columns (
      batch int path '$[0]', ns int unsigned path '$[2]', o int path '$[3]', l int path '$[4]', vo int path '$[5]',
      vl int path '$[6]', version varchar(24) path '$[7]', hash bigint path '$[8]', type tinyint path '$[9]',
      incarnation varchar(22) path '$[10]', in_ms bigint path '$[11]', at_ms bigint path '$[12]')) w
    straight_join `{table}_namespaces` n on n.id = w.ns
    where not find_in_set(w.batch, failed)
    on duplicate key update version = values(version), type = values(type), incarnation = values(incarnation),
      expires = values(expires), hash = values(hash), size = values(size), value = values(value);
  end if;

  set i = 0;
  while i < json_length(spaces) do
    set item = json_extract(spaces, concat('$[', i, ']')), i = i + 1;
    set ns_id = json_extract(item, '$[0]');
    select count(*), max(b.place) into good, newest
    from json_table(item, '$[1][*]' columns (place for ordinality, batch int path '$')) b
    where not find_in_set(b.batch, failed);
    if good > 0 then
      insert into `{table}_changes` (ns, ordinal, commits, previous, clock, failed, removed, replaced, frame)
      select id, ordinal + good, good, last, now_ms, failed, removed, replaced,
        substring(bytes, json_extract(item, '$[3]'), json_extract(item, '$[4]'))
      from `{table}_namespaces` where id = ns_id;
      update `{table}_namespaces`
      set ordinal = ordinal + good, clock = now_ms, last = json_unquote(json_extract(item, concat('$[2][', newest - 1, ']')))
      where id = ns_id;
      select ordinal - retain_count into seen from `{table}_namespaces` where id = ns_id;
      delete from `{table}_changes`
      where ns = ns_id and (ordinal <= seen or clock < now_ms - retain_ms) order by ordinal limit 16;
    end if;
  end while;

  commit;
end
