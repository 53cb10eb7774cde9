--[[
  How many live entries a range holds, by rank.

  KEYS 1 meta, 2 index, 3 deadlines
  ARGV 1 first key, 2 end, "" for none, 3 most expired entries to look through
  Answers { clock, ordinal, id, count }, or the error BEHIND when more than that have expired and none were swept.
]]
local at = standing(KEYS[1])
local held = call('ZLEXCOUNT', KEYS[2], least(ARGV[1]), most(ARGV[2]))
local due = call('ZCOUNT', KEYS[3], '-inf', whole(at.now))
if held > 0 and due > tonumber(ARGV[3]) then return redis.error_reply('BEHIND sweep first') end
if held > 0 and due > 0 then
  for _, key in ipairs(call('ZRANGE', KEYS[3], '-inf', whole(at.now), 'BYSCORE')) do
    if is_inside(key, ARGV[1], ARGV[2]) then held = held - 1 end
  end
end
return { at.now, at.ordinal, at.id, held }
