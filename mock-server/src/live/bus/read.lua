-- What came after an entry; with the last snapshot and all that is kept, if that entry is of another life or long gone.
-- KEYS: head, log, snapshot. ARGV: life and number of the entry.
-- Returns the log's life, the snapshot or false, and the entries in order; false when there is no log.
local head = redis.call('HMGET', KEYS[1], 'life', 'n')
if not head[1] then return false end
local behind = tonumber(head[2]) - tonumber(ARGV[2])
if head[1] == ARGV[1] and behind >= 0 and behind <= redis.call('LLEN', KEYS[2]) then
    local entries = {}
    if behind > 0 then entries = redis.call('LRANGE', KEYS[2], -behind, -1) end
    return {head[1], false, entries}
end
return {head[1], redis.call('GET', KEYS[3]), redis.call('LRANGE', KEYS[2], 0, -1)}
