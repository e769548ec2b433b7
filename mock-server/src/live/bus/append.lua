-- Gives an entry the next number, keeps it and tells everybody, in one step.
-- KEYS: head, log, snapshot. ARGV: channel, the session's name, the entry's content, entries to keep, seconds to live.
-- Returns the number; false when there is no log, for somebody to found one first.
local life = redis.call('HGET', KEYS[1], 'life')
if not life then return false end
local n = redis.call('HINCRBY', KEYS[1], 'n', 1)
local time = redis.call('TIME')
local millis = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local entry = table.concat({life, n, millis, ARGV[3]}, '\n')
redis.call('RPUSH', KEYS[2], entry)
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[4]), -1)
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[5]) end
redis.call('PUBLISH', ARGV[1], ARGV[2] .. '\n' .. entry)
return n
