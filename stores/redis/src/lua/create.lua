-- KEYS: entry, index. ARGV: now, front, owner, nonce, marked, bytes, score, ttl, id.
local head = head_of(KEYS[1])
if head ~= false then
  -- The same request twice: the answer to the first one was lost.
  if head and head.version == string.sub(ARGV[2], 6, 13) then return { 'new', 0 } end
  return { 'exists' }
end
-- Two go for one that comes, so the index stays in bounds though nobody purges.
local swept = sweep(KEYS[2], 2)
local text = ARGV[2] .. ARGV[3] .. ARGV[4] .. ARGV[5] .. ARGV[6]
local failed = put(KEYS[1], KEYS[2], text, ARGV[7], ARGV[8], ARGV[9])
if failed then return failed end
table.insert(swept, 1, 'new')
return swept
