-- Warms keys of one kind, each only where it is absent or still what the seeder wrote; what the platform cached
-- itself is left alone. One script is one step: nobody writes between the look and the write, and a key is on the list
-- of owned ones before it exists.
--
-- KEYS: the hash of owned keys, then the keys.
-- ARGV: `look` or `write`, seconds the hash is kept, seconds a key is kept, then the value of each key.
-- Answers with how many were created, updated, unchanged, and are the platform's own.
local owned = KEYS[1]
local write = ARGV[1] == 'write'
local created, updated, unchanged, foreign = 0, 0, 0, 0

for i = 2, #KEYS do
    local key, value = KEYS[i], ARGV[i + 2]
    local kind = redis.call('TYPE', key)['ok']
    local held = kind == 'string' and redis.call('GET', key)
    local ours = held and redis.call('HGET', owned, key) == redis.sha1hex(held)
    if kind ~= 'none' and not ours then
        foreign = foreign + 1
    elseif held == value then
        unchanged = unchanged + 1
        if write then redis.call('EXPIRE', key, ARGV[3]) end
    else
        if held then updated = updated + 1 else created = created + 1 end
        if write then
            redis.call('HSET', owned, key, redis.sha1hex(value))
            redis.call('SET', key, value, 'EX', ARGV[3])
        end
    end
end

if write then redis.call('EXPIRE', owned, ARGV[2]) end
return { created, updated, unchanged, foreign }
