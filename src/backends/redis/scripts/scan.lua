--[[
  A page of a range.

  KEYS 1 meta, 2 headers, 3 values, 4 index, 5 deadlines
  ARGV 1 what is wanted: "keys", "headers", "values"; 2 first bound; 3 last bound, both as ZRANGE takes them;
       4 "REV" or ""; 5 most entries; 6 most bytes of values
  Answers { clock, ordinal, id, keys, headers, values, more }: expired entries too; `headers` is empty when only keys are
  wanted and nothing has expired; `more` is 1 when the range may go on behind the last key.
]]
local at = standing(KEYS[1])
local want, reverse, limit, bytes = ARGV[1], ARGV[4] == 'REV', tonumber(ARGV[5]), tonumber(ARGV[6])
local range = { 'ZRANGE', KEYS[4], ARGV[2], ARGV[3], 'BYLEX' }
if reverse then range = { 'ZRANGE', KEYS[4], ARGV[3], ARGV[2], 'BYLEX', 'REV' } end
range[#range + 1] = 'LIMIT'
range[#range + 1] = '0'
range[#range + 1] = ARGV[5]
local found = call(unpack(range))
local more = #found == limit and 1 or 0
if want == 'keys' and call('ZCOUNT', KEYS[5], '-inf', whole(at.now)) == 0 then
  return { at.now, at.ordinal, at.id, found, {}, {}, more }
end
local headers = fields_of(KEYS[2], found)
if want ~= 'values' then return { at.now, at.ordinal, at.id, found, headers, {}, more } end
local total = 0
for n, header in ipairs(headers) do
  total = total + (header and tonumber(match(header, '^%S* %S+ (%d+)', DEADLINE_AT)) or 0)
  if total > bytes and n > 1 then
    for extra = #found, n, -1 do found[extra], headers[extra] = nil, nil end
    more = 1
    break
  end
end
return { at.now, at.ordinal, at.id, found, headers, fields_of(KEYS[3], found), more }
