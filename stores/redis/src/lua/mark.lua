-- KEYS: owner. ARGV: now, id, marker, ttl. Answers the marker that stood there.
local before = redis.call('HGET', KEYS[1], ARGV[2])
local left = redis.call('PTTL', KEYS[1])
local marker = ARGV[3]
-- An entry may rely on how long that one is good.
if before and #before == MARKER and number(before, 17) > number(marker, 17) then
  marker = string.sub(marker, 1, 16) .. string.sub(before, 17)
end
local marked = redis.pcall('HSET', KEYS[1], ARGV[2], marker)
if type(marked) == 'table' then return marked end
if ARGV[4] == '' or left == -2 or (left >= 0 and left < tonumber(ARGV[4])) then expire(KEYS[1], ARGV[4]) end
-- Markers that no entry can need any more: some of them, whenever one comes.
local some = redis.call('HRANDFIELD', KEYS[1], 16, 'WITHVALUES')
for i = 1, #some, 2 do
  local moment = #some[i + 1] == MARKER and number(some[i + 1], 17) or 0
  if some[i] ~= ARGV[2] and moment < FOR_EVER and over(moment) then redis.call('HDEL', KEYS[1], some[i]) end
end
return before
