--[[
  Records of the log from an ordinal on, and where the log stands.

  KEYS 1 meta, 2 log
  ARGV 1 ordinal, 2 most records
  Answers { clock, ordinal, id, records }; the first record may begin before the ordinal asked for.
]]
local at = standing(KEYS[1])
return { at.now, at.ordinal, at.id, call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2]) }
