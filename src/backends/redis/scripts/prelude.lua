--[[
  Stands before every other script; what they share.

  A namespace is seven keys in one slot, in this order wherever a script takes all of them:
    1 meta       hash     o: ordinal of the last commit, i: its id, n: its clock, w: writes of all commits so far,
                          x: set when a commit broke off half-way
    2 headers    hash     key -> header (below)
    3 values     hash     key -> data
    4 index      zset     every key with score 0, so in byte order
    5 deadlines  zset     keys that expire, by their deadline
    6 log        stream   id <last ordinal>-<clock>; fields: "@" -> "<id before> <first ordinal> <writes before>",
                          then for every commit its id -> record (below)
    7 fences     zset     tokens of attempts that must never take effect, by when they were given up

  A header is text: format "1", hash of key and version (16 hex), checksum (8 hex), type (1 digit), codec (2 hex), then
  "<deadline or nothing> <version> <size> <incarnation or nothing>". A record is the writes as the client packed them,
  a line with the number of heads that ranges removed, then for every write that met an entry a line "<n>:<header from
  its type on>", n counting puts and deletes from 1.
]]
local DEADLINE_AT = 29
local RECORDED_FROM = 26
local SLICE = 1000
local SPACE = 32

local byte, sub, match, format, floor = string.byte, string.sub, string.match, string.format, math.floor
local call = redis.call

local function whole(number)
  return format('%.0f', number)
end

-- Where a namespace stands: { ordinal, id, clock, writes }. The clock is the server's, never below the last commit's.
local function standing(meta_key)
  local meta = call('HMGET', meta_key, 'o', 'i', 'n', 'w')
  local time = call('TIME')
  local now = tonumber(time[1]) * 1000 + floor(tonumber(time[2]) / 1000)
  return {
    ordinal = tonumber(meta[1] or 0),
    id = meta[2] or '',
    now = math.max(now, tonumber(meta[3] or 0)),
    writes = tonumber(meta[4] or 0),
  }
end

-- The deadline of a header, nil when it has none.
local function deadline_of(header)
  if byte(header, DEADLINE_AT) == SPACE then return nil end
  return tonumber(match(header, '^%S+', DEADLINE_AT))
end

local function is_live(header, now)
  local deadline = deadline_of(header)
  return deadline == nil or deadline > now
end

-- Calls a command on a key with all arguments, in slices: what unpack takes is bounded.
local function in_slices(command, key, arguments)
  for first = 1, #arguments, SLICE do
    call(command, key, unpack(arguments, first, math.min(first + SLICE - 1, #arguments)))
  end
end

-- What a hash holds at some fields, in their order, false where nothing is.
local function fields_of(key, fields)
  if #fields <= SLICE then return #fields == 0 and {} or call('HMGET', key, unpack(fields)) end
  local all = {}
  for first = 1, #fields, SLICE do
    for _, value in ipairs(call('HMGET', key, unpack(fields, first, math.min(first + SLICE - 1, #fields)))) do
      all[#all + 1] = value
    end
  end
  return all
end

-- Byte order; the comparison of Lua follows the server's locale.
local function is_below(a, b)
  local shorter = math.min(#a, #b)
  for i = 1, shorter do
    local left, right = byte(a, i), byte(b, i)
    if left ~= right then return left < right end
  end
  return #a < #b
end

-- Whether a key is in [first, last); an empty last is unbounded.
local function is_inside(key, first, last)
  return not is_below(key, first) and (last == '' or is_below(key, last))
end

local function least(first)
  return first == '' and '-' or '[' .. first
end

local function most(last)
  return last == '' and '+' or '(' .. last
end

-- Drops what the log keeps beyond its age, or beyond sixteen writes per commit kept; at most `limit` records.
local function trim_log(log, at, count, age, limit)
  for _ = 1, limit do
    local oldest = call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    if not oldest then return end
    local ordinal, clock = match(oldest[1], '^(%d+)-(%d+)$')
    local before = tonumber(match(oldest[2][2], '%d+$'))
    local is_old = tonumber(clock) < at.now - age
    local is_much = at.writes - before > count * 16 and tonumber(ordinal) < at.ordinal
    if not is_old and not is_much then return end
    call('XTRIM', log, 'MINID', '=', whole(tonumber(ordinal) + 1))
  end
end

-- Deletes up to `limit` entries whose deadline has passed, as a commit of its own. Moves `at` on; answers how many, and
-- of the heads of structures among them key and incarnation, one after the other.
local function sweep(keys, at, id, limit, count)
  local due = call('ZRANGE', keys[5], '-inf', whole(at.now), 'BYSCORE', 'LIMIT', 0, limit)
  local heads = {}
  if #due == 0 then return 0, heads end
  local lines = { id, '\n0' }
  local expired = {}
  for n, header in ipairs(fields_of(keys[2], due)) do
    if header and not is_live(header, at.now) then
      expired[#expired + 1] = due[n]
      lines[#lines + 1] = '\n' .. #due[n] .. ':' .. due[n] .. sub(header, RECORDED_FROM)
      if byte(header, #header) ~= SPACE then
        heads[#heads + 1] = due[n]
        heads[#heads + 1] = match(header, '%S+$')
      end
    end
  end
  call('ZREM', keys[5], unpack(due))
  if #expired == 0 then return #due, heads end
  local before = at.id .. ' ' .. whole(at.ordinal + 1) .. ' ' .. whole(at.writes)
  at.ordinal, at.id, at.writes = at.ordinal + 1, id, at.writes + #expired
  call('HSET', keys[1], 'o', whole(at.ordinal), 'i', id, 'n', whole(at.now), 'w', whole(at.writes))
  call('XADD', keys[6], 'MINID', '=', whole(math.max(0, at.ordinal - count + 1)), whole(at.ordinal) .. '-' .. whole(at.now),
    '@', before, id, '*' .. table.concat(lines, '', 2))
  call('HDEL', keys[2], unpack(expired))
  call('HDEL', keys[3], unpack(expired))
  call('ZREM', keys[4], unpack(expired))
  return #due, heads
end
