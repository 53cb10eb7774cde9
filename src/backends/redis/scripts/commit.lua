--[[
  Commits several independent batches of one namespace: checks, writes, log and wake-up in one step.

  An error in Lua undoes nothing. So everything that can fail is done before the first write: every key is read with a
  command of its type, every limit is looked at, and the first write is one that a full server refuses.

  KEYS 1 to 7, see the prelude
  ARGV 1 token of this attempt, 2 id for a sweep, 3 commits the log keeps, 4 their age in ms, 5 channel,
       6 most entries that range checks and range deletes may touch, 7 most expired entries to look through;
       then words of the batches, each begun by its letter:
       B id writes-as-packed    a batch begins; packed is "" when it writes nothing
       C key version            the live entry has this version
       N key                    there is no live entry
       R first end count hi lo  the live entries of the range are these
       X first end              deletes a range; the ranges of a batch are disjoint and stand before P, T and D
       P n key header value …   n puts
       T key header value ttl   puts with a ttl in ms
       D key                    deletes
  Answers { clock, ordinal, id before, answers… }, an answer per batch, and when heads of structures had expired and were
  removed, one more at the end: { key, incarnation, … }
       ordinal                           committed, and nothing to tell of
       { ordinal, record without packed} committed
       { "=" , ordinal, id }             checks hold, nothing was to be written; where the namespace stood
       { "!", n, header, value, … }      conflict: check n (from 1, header and value "" when absent), range check -n
       { ">", entries }                  refused: its ranges hold more entries than may be touched
  Errors: BEHIND sweep first; SPLIT together the batches touch too many entries; FENCED this attempt was given up;
  PARTIAL broke off after the first write.
]]
local FIRST = 8
-- Words of each; those of puts are counted.
local WIDTH = { B = 3, C = 3, N = 2, R = 6, X = 3, T = 5, D = 2 }
local RECORDS_PER_ADD = 400
local SWEPT_ALONG = 64
local TRIM_EVERY = 64

local count, age, bound = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[6])
local words = #ARGV

-- Every key is touched by a command of its type, which fails if it is somebody else's.
local at = standing(KEYS[1])
if call('ZSCORE', KEYS[7], ARGV[1]) then return redis.error_reply('FENCED this attempt was given up') end
if call('XLEN', KEYS[6]) > 0 and at.ordinal == 0 then
  return redis.error_reply('WRONGTYPE the log is not of this store')
end
local held_in_all = call('ZCARD', KEYS[4])
call('HLEN', KEYS[2])
call('HLEN', KEYS[3])
local due_count = call('ZCOUNT', KEYS[5], '-inf', whole(at.now))

-- Where every batch begins, and how many checks and writes stand before it.
local starts, checks_before, writes_before = {}, {}, {}
local checked, written, check_count, write_count, has_ranges = {}, {}, 0, 0, false
local i = FIRST
while i <= words do
  local word = ARGV[i]
  if word == 'P' then
    local last = i + 1 + 3 * tonumber(ARGV[i + 1])
    for at_key = i + 2, last, 3 do
      write_count = write_count + 1
      written[write_count] = ARGV[at_key]
    end
    i = last + 1
  else
    if word == 'T' or word == 'D' then
      write_count = write_count + 1
      written[write_count] = ARGV[i + 1]
    elseif word == 'C' or word == 'N' then
      check_count = check_count + 1
      checked[check_count] = ARGV[i + 1]
    elseif word == 'B' then
      local n = #starts + 1
      starts[n], checks_before[n], writes_before[n] = i, check_count, write_count
    else
      has_ranges = true
    end
    -- A word that is none ends the script here, before it has written anything.
    i = i + WIDTH[word]
  end
end
starts[#starts + 1] = words + 1
local checked_headers = fields_of(KEYS[2], checked)
local written_headers

-- What stood under the key of a write. Not looked up for batches that are refused: others wait while they are.
local function header_before(n)
  if not written_headers then written_headers = fields_of(KEYS[2], written) end
  return written_headers[n]
end

local due = {}
if has_ranges and due_count > 0 then
  if due_count > tonumber(ARGV[7]) then return redis.error_reply('BEHIND sweep first') end
  due = call('ZRANGE', KEYS[5], '-inf', whole(at.now), 'BYSCORE')
end

local function expired_inside(first, last)
  local expired = 0
  for _, key in ipairs(due) do
    if is_inside(key, first, last) then expired = expired + 1 end
  end
  return expired
end

-- The sum of the hashes of a range's live entries, as two halves of 32 bits.
local function digest_of(first, last)
  local low, high, from = 0, 0, least(first)
  local to = most(last)
  while true do
    local found = call('ZRANGE', KEYS[4], from, to, 'BYLEX', 'LIMIT', 0, SLICE)
    if #found == 0 then break end
    for _, header in ipairs(fields_of(KEYS[2], found)) do
      if header and (due_count == 0 or is_live(header, at.now)) then
        high = high + tonumber(sub(header, 2, 9), 16)
        low = low + tonumber(sub(header, 10, 17), 16)
      end
    end
    from = '(' .. found[#found]
  end
  return (high + floor(low / 4294967296)) % 4294967296, low % 4294967296
end

local touched = 0

-- Whether a range may be looked through, and whether its live entries are as many as expected and add up as expected.
local function range_holds(first, last, expected, high, low)
  local held = call('ZLEXCOUNT', KEYS[4], least(first), most(last))
  if held - (held > 0 and expired_inside(first, last) or 0) ~= expected then return true, false end
  touched = touched + held
  if touched > bound then return false, touched end
  local sum_high, sum_low = digest_of(first, last)
  return true, sum_high == high and sum_low == low
end

-- Live heads of a range; other kinds of keys begin with U+0000.
local function heads_inside(first, last)
  local from = (first == '' or byte(first, 1) == 0) and '\1' or first
  local heads = call('ZLEXCOUNT', KEYS[4], least(from), most(last))
  if heads == 0 then return 0 end
  return heads - expired_inside(from, last)
end

local puts, values, added, deadlines, lifted, deleted, drops = {}, {}, {}, {}, {}, {}, {}
local put_count, added_count = 0, 0
local answers, records = {}, {}
local ordinal, writes = at.ordinal, at.writes
local drop_all = false

local function covered(ranges, key)
  for _, range in ipairs(ranges) do
    if is_inside(key, range[1], range[2]) then return true end
  end
  return false
end

-- Counted by hand, and zero as text: the length of a table is searched for, and a number is printed with 17 digits.
local function gather_put(key, header, value, old)
  local n = put_count
  put_count = n + 2
  puts[n + 1], puts[n + 2] = key, header
  values[n + 1], values[n + 2] = key, value
  if not old then
    local m = added_count
    added_count = m + 2
    added[m + 1], added[m + 2] = '0', key
  end
  local deadline = byte(header, DEADLINE_AT) ~= SPACE and match(header, '^%S+', DEADLINE_AT)
  if deadline then
    deadlines[#deadlines + 1] = deadline
    deadlines[#deadlines + 1] = key
  elseif old and byte(old, DEADLINE_AT) ~= SPACE then
    lifted[#lifted + 1] = key
  end
end

-- Whether the check at a word holds; else the live header that is there, or nothing.
local function check_holds(at_word, header)
  local live = header and is_live(header, at.now)
  if ARGV[at_word] == 'N' then return not live, live and header end
  return live and match(header, '^%S* (%S+)', DEADLINE_AT) == ARGV[at_word + 2], live and header
end

-- Looks at the checks and ranges of a batch, which stand before its writes. Answers where these begin, the conflicts, how
-- many entries are too many, the ranges to delete, how many heads that removes, and how many ranges there are.
local function look_at(batch)
  local conflicts, ranges, removed, weight, too_many = { '!' }, {}, 0, 0, nil
  local checks, range_checks, at_word, stop = 0, 0, starts[batch] + WIDTH.B, starts[batch + 1]
  while at_word < stop do
    local word, key = ARGV[at_word], ARGV[at_word + 1]
    if word == 'C' or word == 'N' then
      checks = checks + 1
      local holds, live = check_holds(at_word, checked_headers[checks_before[batch] + checks])
      if not holds then
        conflicts[#conflicts + 1] = checks
        conflicts[#conflicts + 1] = live or ''
        conflicts[#conflicts + 1] = live and call('HGET', KEYS[3], key) or ''
      end
    elseif word == 'R' then
      range_checks = range_checks + 1
      local fits, holds = range_holds(key, ARGV[at_word + 2], tonumber(ARGV[at_word + 3]),
        tonumber(ARGV[at_word + 4]), tonumber(ARGV[at_word + 5]))
      if not fits then
        too_many = holds
      elseif not holds then
        conflicts[#conflicts + 1] = -range_checks
      end
    elseif word == 'X' then
      local last = ARGV[at_word + 2]
      local held = call('ZLEXCOUNT', KEYS[4], least(key), most(last))
      if held > 0 then
        local all = held == held_in_all
        ranges[#ranges + 1] = { key, last, all }
        removed = removed + heads_inside(key, last)
        if not all then
          touched = touched + held
          if touched > bound then too_many = touched end
        end
      end
      weight = weight + 1
    else
      break
    end
    at_word = at_word + WIDTH[word]
  end
  return at_word, conflicts, too_many, ranges, removed, weight
end

-- Gathers the writes of a batch that will be committed; answers a line for each entry that they meet.
local function gather(batch, at_word, ranges)
  local lines, before, n = {}, writes_before[batch], 0
  local stop, has_drops = starts[batch + 1], #ranges > 0
  -- What the next write meets.
  local function met(key)
    n = n + 1
    local old = header_before(before + n)
    if not old or (has_drops and covered(ranges, key)) then return false end
    lines[#lines + 1] = '\n' .. n .. ':' .. sub(old, RECORDED_FROM)
    return old
  end
  while at_word < stop do
    local word, key = ARGV[at_word], ARGV[at_word + 1]
    if word == 'P' then
      local last = at_word + 1 + 3 * tonumber(key)
      for at_key = at_word + 2, last, 3 do
        gather_put(ARGV[at_key], ARGV[at_key + 1], ARGV[at_key + 2], met(ARGV[at_key]))
      end
      at_word = last + 1
    elseif word == 'T' then
      local header = ARGV[at_word + 2]
      local deadline = format('%.17g', at.now + tonumber(ARGV[at_word + 4]))
      header = sub(header, 1, DEADLINE_AT - 1) .. deadline .. sub(header, DEADLINE_AT)
      gather_put(key, header, ARGV[at_word + 3], met(key))
      at_word = at_word + WIDTH.T
    else
      local old = met(key)
      if old then
        deleted[#deleted + 1] = key
        if byte(old, DEADLINE_AT) ~= SPACE then lifted[#lifted + 1] = key end
      end
      at_word = at_word + WIDTH.D
    end
  end
  for _, range in ipairs(ranges) do
    if range[3] then drop_all = true end
    drops[#drops + 1] = range
  end
  return lines, n
end

-- Answers a batch, and gathers its writes when its checks hold.
local function take(batch)
  local at_word, conflicts, too_many, ranges, removed, weight = look_at(batch)
  if too_many then return { '>', too_many } end
  if #conflicts > 1 then return conflicts end
  if weight == 0 and at_word == starts[batch + 1] then return { '=', ordinal, records[#records - 1] or at.id } end
  local lines, count_of_writes = gather(batch, at_word, ranges)
  ordinal, writes = ordinal + 1, writes + weight + count_of_writes
  local tail = '\n' .. removed .. table.concat(lines)
  records[#records + 1] = ARGV[starts[batch] + 1]
  records[#records + 1] = ARGV[starts[batch] + 2] .. tail
  if removed == 0 and #lines == 0 then return ordinal end
  return { ordinal, tail }
end

local batches = #starts - 1
for batch = 1, batches do answers[batch] = take(batch) end
if touched > bound and batches > 1 then return redis.error_reply('SPLIT the batches touch too many entries') end

local answer = { at.now, at.ordinal, at.id }
for _, one in ipairs(answers) do answer[#answer + 1] = one end
if #records == 0 then return answer end

local function drop(first, last)
  local from = least(first)
  while true do
    local found = call('ZRANGE', KEYS[4], from, most(last), 'BYLEX', 'LIMIT', 0, SLICE)
    if #found == 0 then break end
    call('HDEL', KEYS[2], unpack(found))
    call('HDEL', KEYS[3], unpack(found))
    call('ZREM', KEYS[5], unpack(found))
    from = '(' .. found[#found]
  end
  call('ZREMRANGEBYLEX', KEYS[4], least(first), most(last))
end

local function write_log()
  local before, first, weight = at.id, at.ordinal, at.writes
  for start = 1, #records, RECORDS_PER_ADD * 2 do
    local stop = math.min(start + RECORDS_PER_ADD * 2 - 1, #records)
    local last = first + (stop - start + 1) / 2
    call('XADD', KEYS[6], 'MINID', '=', whole(math.max(0, ordinal - count + 1)), whole(last) .. '-' .. whole(at.now),
      '@', before .. ' ' .. whole(first + 1) .. ' ' .. whole(weight), unpack(records, start, stop))
    before, first, weight = records[stop - 1], last, writes
  end
end

local function apply()
  write_log()
  if drop_all then
    call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
  else
    for _, range in ipairs(drops) do drop(range[1], range[2]) end
  end
  if #deleted > 0 then
    in_slices('HDEL', KEYS[2], deleted)
    in_slices('HDEL', KEYS[3], deleted)
    in_slices('ZREM', KEYS[4], deleted)
  end
  if #lifted > 0 then in_slices('ZREM', KEYS[5], lifted) end
  in_slices('HSET', KEYS[2], puts)
  in_slices('HSET', KEYS[3], values)
  in_slices('ZADD', KEYS[4], added)
  in_slices('ZADD', KEYS[5], deadlines)
  local old_ordinal = at.ordinal
  at.ordinal, at.id, at.writes = ordinal, records[#records - 1], writes
  if due_count > 0 then
    local _, heads = sweep(KEYS, at, ARGV[2], SWEPT_ALONG, count)
    if #heads > 0 then answer[#answer + 1] = heads end
  end
  if floor(old_ordinal / TRIM_EVERY) ~= floor(at.ordinal / TRIM_EVERY) then
    trim_log(KEYS[6], at, count, age, 2 * TRIM_EVERY)
  end
end

-- A full server refuses the first write that may need room. Deletes make room, so they begin with one that never does.
if #puts == 0 then call('ZREM', KEYS[4], '') end
call('HSET', KEYS[1], 'o', whole(ordinal), 'i', records[#records - 1], 'n', whole(at.now), 'w', whole(writes))
local done, failure = pcall(apply)
redis.pcall('PUBLISH', ARGV[5], whole(at.ordinal))
if done then return answer end
redis.pcall('HSET', KEYS[1], 'x', '1')
local reason = type(failure) == 'table' and failure.err or tostring(failure)
return redis.error_reply('PARTIAL ' .. reason)
