--[[
  Says what became of an attempt whose answer was lost. When the log holds none of its commits, the attempt is fenced:
  should it still be on its way, it will be refused.

  KEYS 1 meta, 6 log, 7 fences, of the seven
  ARGV 1 token of the attempt, 2 ordinal where the namespace stood before it, 3 how long fences are kept in ms, then the
       ids of its commits
  Answers { clock, {} } when it had and will have no effect, { clock, { id, ordinal, clock, record, … } } when it
  took effect, or { clock } when the log does not reach back far enough to tell.
]]
local at = standing(KEYS[1])
local ids, found, known = {}, {}, tonumber(ARGV[2])
for i = 4, #ARGV do ids[ARGV[i]] = true end
local last, oldest = '+', at.ordinal + 1
while oldest > known + 1 do
  local records = call('XREVRANGE', KEYS[6], last, '-', 'COUNT', 64)
  if #records == 0 then break end
  for _, record in ipairs(records) do
    local fields, clock = record[2], match(record[1], '%d+$')
    oldest = tonumber(match(fields[2], ' (%d+) %d+$'))
    for f = 3, #fields, 2 do
      if ids[fields[f]] then
        found[#found + 1] = fields[f]
        found[#found + 1] = whole(oldest + (f - 3) / 2)
        found[#found + 1] = clock
        found[#found + 1] = fields[f + 1]
      end
    end
    last = '(' .. record[1]
  end
end
if #found > 0 then return { at.now, found } end
if oldest > known + 1 then return { at.now } end
call('ZADD', KEYS[7], whole(at.now), ARGV[1])
call('ZREMRANGEBYSCORE', KEYS[7], '-inf', whole(at.now - tonumber(ARGV[3])))
return { at.now, {} }
