-- Looks at owned keys, or lets go of them: those that still are what the seeder wrote are deleted, those that expired
-- or were written anew by the platform are only struck off the list. One step, so nothing is deleted that changed
-- between the look and the deletion.
--
-- KEYS: the hash of owned keys, then the keys.
-- ARGV: `look` or `write`.
-- Answers with how many are held as written, were written anew, are gone, and are held but would never expire.
local owned = KEYS[1]
local write = ARGV[1] == 'write'
local held, replaced, gone, endless = 0, 0, 0, 0

for i = 2, #KEYS do
    local key = KEYS[i]
    local digest = redis.call('HGET', owned, key)
    local kind = redis.call('TYPE', key)['ok']
    if kind == 'none' or not digest then
        gone = gone + 1
    elseif kind == 'string' and redis.sha1hex(redis.call('GET', key)) == digest then
        held = held + 1
        if redis.call('TTL', key) == -1 then endless = endless + 1 end
        if write then redis.call('UNLINK', key) end
    else
        replaced = replaced + 1
    end
    if write then redis.call('HDEL', owned, key) end
end

return { held, replaced, gone, endless }
