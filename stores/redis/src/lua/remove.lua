-- KEYS: entry, index. ARGV: now, id.
local head = head_of(KEYS[1])
-- Whatever stands where the index should be: ending a session is unconditional.
redis.pcall('ZREM', KEYS[2], ARGV[2])
if head == false then return { 'absent' } end
redis.call('DEL', KEYS[1])
if head == nil then return { 'removed' } end
local answer = { head.deadline <= now and 'absent' or 'removed' }
if head.owner ~= '' then answer[2], answer[3] = head.owner, head.nonce end
return answer
