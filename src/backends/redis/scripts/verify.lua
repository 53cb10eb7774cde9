--[[
  A page of a namespace with everything that is kept about its entries, to be compared.

  KEYS 1 to 7, see the prelude
  ARGV 1 first bound as ZRANGE takes it, 2 most entries
  Answers { clock, ordinal, id, keys, headers, values, deadlines, mark, headers held, values held, entries held,
  deadlines held }; `mark` is "1" after a commit that broke off.
]]
local at = standing(KEYS[1])
local found = call('ZRANGE', KEYS[4], ARGV[1], '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
local deadlines = #found == 0 and {} or call('ZMSCORE', KEYS[5], unpack(found))
return {
  at.now, at.ordinal, at.id, found, fields_of(KEYS[2], found), fields_of(KEYS[3], found), deadlines,
  call('HGET', KEYS[1], 'x') or '', call('HLEN', KEYS[2]), call('HLEN', KEYS[3]), call('ZCARD', KEYS[4]),
  call('ZCARD', KEYS[5]),
}
