--[[
  Some entries of a namespace at one moment.

  KEYS 1 meta, 2 headers, 3 values
  ARGV 1 "1" when values are wanted, then keys
  Answers { clock, ordinal, id, headers, values }, in the order of the keys, nil where nothing is; expired entries too.
]]
local at = standing(KEYS[1])
local wanted = {}
for i = 2, #ARGV do wanted[i - 1] = ARGV[i] end
local values = ARGV[1] == '1' and fields_of(KEYS[3], wanted) or {}
return { at.now, at.ordinal, at.id, fields_of(KEYS[2], wanted), values }
