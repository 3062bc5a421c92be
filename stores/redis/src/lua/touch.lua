-- KEYS: entry, index. ARGV: now, seen, deadline, score, ttl, id, nonce, marked.
local head = head_of(KEYS[1])
if head == nil then return { 'corrupt' } end
if not head or over(head.deadline) then return { 'gone' } end
if head.version ~= ARGV[2] then return { 'stale' } end
local deadline = ARGV[3] == '' and math.huge or number(ARGV[3], 1)
if deadline <= head.deadline then return { 'extended' } end
if head.owner ~= '' and ARGV[7] == '' and not reaches(head.marked, deadline) then return { 'mark', head.owner } end
local indexed = redis.pcall('ZADD', KEYS[2], ARGV[4], ARGV[6])
if type(indexed) == 'table' then return indexed end
local flags = (head.owner ~= '' and 2 or 0) + (ARGV[3] ~= '' and 1 or 0)
redis.call('SETRANGE', KEYS[1], 4, string.char(flags))
redis.call('SETRANGE', KEYS[1], 13, ARGV[3] ~= '' and ARGV[3] or string.rep('\0', 8))
if ARGV[7] ~= '' then redis.call('SETRANGE', KEYS[1], 53, ARGV[7] .. ARGV[8]) end
expire(KEYS[1], ARGV[5])
return { 'extended' }
