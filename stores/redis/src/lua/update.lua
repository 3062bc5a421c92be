-- KEYS: entry, index. ARGV: now, front, owner, nonce, marked, bytes, score, ttl, id, seen.
-- Without a nonce the caller has marked nothing, and the marker that is there has to do.
local head = head_of(KEYS[1])
if head == nil then return { 'corrupt' } end
if not head or over(head.deadline) then return { 'gone' } end
local front, owner, nonce, marked = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
-- The same request twice: the answer to the first one was lost.
if head.version == string.sub(front, 6, 13) then return { 'applied' } end
if head.version ~= ARGV[10] then return { 'conflict', redis.call('GET', KEYS[1]) } end
if owner ~= '' and nonce == '' then
  local expires = string.byte(front, 5) % 2 == 1
  local deadline = expires and number(front, 14) or math.huge
  if owner ~= head.owner or not reaches(head.marked, deadline) then return { 'mark' } end
  nonce, marked = head.nonce, head.marked
end
local failed = put(KEYS[1], KEYS[2], front .. owner .. nonce .. marked .. ARGV[6], ARGV[7], ARGV[8], ARGV[9])
if failed then return failed end
if head.owner ~= '' and head.owner ~= owner then return { 'applied', head.owner, head.nonce } end
return { 'applied' }
