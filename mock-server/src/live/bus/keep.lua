-- Keeps a snapshot, if the log is still the one that it is of.
-- KEYS: head, snapshot. ARGV: life, snapshot, seconds to live.
if redis.call('HGET', KEYS[1], 'life') == ARGV[1] then
    redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
end
