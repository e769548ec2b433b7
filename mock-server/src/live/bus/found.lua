-- Begins a log where there is none: a first one, or one that goes on from what a server knows after a log was lost.
-- KEYS: head, log, snapshot. ARGV: the log's life, the last number before it, the snapshot at that number, seconds to live.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'life', ARGV[1], 'n', ARGV[2])
redis.call('SET', KEYS[3], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[3], ARGV[4])
return 1
