--[[
  Removes entries whose deadline has passed, as one commit, and what the log keeps too long.

  KEYS 1 to 7, see the prelude
  ARGV 1 id of the commit, 2 most entries, 3 commits the log keeps, 4 their age in ms, 5 channel
  Answers { the number of deadlines dealt with, key, incarnation, … }: when it is the most, there may be more; then the
  heads of structures that were removed.
]]
local at = standing(KEYS[1])
local before = at.ordinal
local done, heads = sweep(KEYS, at, ARGV[1], math.min(tonumber(ARGV[2]), SLICE), tonumber(ARGV[3]))
trim_log(KEYS[6], at, tonumber(ARGV[3]), tonumber(ARGV[4]), 128)
if at.ordinal > before then redis.pcall('PUBLISH', ARGV[5], whole(at.ordinal)) end
local answer = { done }
for _, part in ipairs(heads) do answer[#answer + 1] = part end
return answer
