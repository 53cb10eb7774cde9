--[[
  Tries every command that the other scripts call, as the user that is connected, on keys of its own.

  KEYS 1 hash, 2 sorted set, 3 stream
  ARGV 1 channel
  Answers the error of every command that failed, each as "<command>: <error>".
]]
local hash, set, log = KEYS[1], KEYS[2], KEYS[3]
local failed = {}
local function try(...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then failed[#failed + 1] = select(1, ...) .. ': ' .. answer.err end
end
try('TIME')
try('HSET', hash, 'a', '1')
try('EXISTS', hash)
try('HGET', hash, 'a')
try('HMGET', hash, 'a')
try('HLEN', hash)
try('HDEL', hash, 'a')
try('ZADD', set, 0, 'a')
try('ZSCORE', set, 'a')
try('ZMSCORE', set, 'a')
try('ZCARD', set)
try('ZCOUNT', set, '-inf', '+inf')
try('ZLEXCOUNT', set, '-', '+')
try('ZRANGE', set, '-', '+', 'BYLEX', 'LIMIT', 0, 1)
try('ZREM', set, 'a')
try('ZREMRANGEBYLEX', set, '-', '+')
try('ZREMRANGEBYSCORE', set, '-inf', '+inf')
try('XADD', log, 'MINID', '=', '1', '1-1', '@', '1')
try('XLEN', log)
try('XRANGE', log, '-', '+', 'COUNT', 1)
try('XREVRANGE', log, '+', '-', 'COUNT', 1)
try('XTRIM', log, 'MINID', '=', '1')
try('PUBLISH', ARGV[1], '')
try('UNLINK', hash, set, log)
return failed
