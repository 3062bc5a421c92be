-- KEYS: owner. ARGV: now, id, marker, ttl, limit, and of each marker that was verified: id, nonce, finding.
local found = {}
for i = 6, #ARGV, 3 do found[ARGV[i]] = { nonce = ARGV[i + 1], finding = ARGV[i + 2] } end
local taken, living, mine, before = 0, { 'full' }, nil, nil
local markers = redis.call('HGETALL', KEYS[1])
for i = 1, #markers, 2 do
  local id, marker = markers[i], markers[i + 1]
  local is_marker = #marker == MARKER
  local fresh = is_marker and number(marker, 9) + GRACE > now
  local finding = is_marker and 'unknown' or 'none'
  if found[id] and found[id].nonce == string.sub(marker, 1, 8) then finding = found[id].finding end
  if id == ARGV[2] and is_marker then before = marker end
  if finding == 'living' then
    taken = taken + 1
    table.insert(living, id)
  elseif finding == 'none' and not fresh then
    redis.call('HDEL', KEYS[1], id)
  elseif finding ~= 'ended' then
    -- A place that is kept, or an entry that comes this moment.
    if id == ARGV[2] then mine = marker else taken = taken + 1 end
  end
end
if not mine and taken >= tonumber(ARGV[5]) then return living end
local nonce, since, marked = string.sub(ARGV[3], 1, 8), string.sub(ARGV[3], 9, 16), string.sub(ARGV[3], 17)
-- An entry may just be taking the place: it knows the marker by its nonce, and relies on how long it is good.
if mine then nonce = string.sub(mine, 1, 8) end
if before and number(before, 17) > number(marked, 1) then marked = string.sub(before, 17) end
local left = redis.call('PTTL', KEYS[1])
local kept = redis.pcall('HSET', KEYS[1], ARGV[2], nonce .. since .. marked)
if type(kept) == 'table' then return kept end
if left == -2 or (left >= 0 and left < tonumber(ARGV[4])) then expire(KEYS[1], ARGV[4]) end
return { 'granted' }
