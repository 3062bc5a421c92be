-- Every script: ARGV[1] is the application's present moment, in milliseconds.
local now = tonumber(ARGV[1])
local FOR_EVER = 18446744073709551615
-- How many bytes a marker has: nonce, since when, until when.
local MARKER = 24

-- Eight bytes, the highest first.
local function number(text, at)
  local high, low = struct.unpack('>I4I4', text, at)
  return high * 4294967296 + low
end

-- What an entry begins with; false if there is none, nil if what stands there is none of ours.
local function head_of(key)
  local kind = redis.call('TYPE', key).ok
  if kind == 'none' then return false end
  if kind ~= 'string' then return nil end
  local text = redis.call('GETRANGE', key, 0, 68)
  if #text < 21 or string.sub(text, 1, 4) ~= 'wst1' then return nil end
  local flags = string.byte(text, 5)
  local head = { version = string.sub(text, 6, 13), deadline = math.huge, owner = '', nonce = '', marked = '' }
  if flags == 1 or flags == 3 then head.deadline = number(text, 14) end
  if flags == 2 or flags == 3 then
    if #text < 69 then return nil end
    head.owner = string.sub(text, 22, 53)
    head.nonce = string.sub(text, 54, 61)
    head.marked = string.sub(text, 62, 69)
  elseif flags > 3 then
    return nil
  end
  return head
end

-- Absent for everybody.
local function over(deadline)
  return deadline + GRACE <= now
end

-- Whether a marker that is good until `marked` outlives an entry with this deadline.
local function reaches(marked, deadline)
  local moment = number(marked, 1)
  return moment >= FOR_EVER or deadline <= moment
end

-- Lets a key expire, or not if the time to live is empty.
local function expire(key, ttl)
  if ttl == '' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ttl) end
end

-- Removes up to `limit` entries of an index that are over. Answers how many, and after that of each one that had an
-- owner: id, owner, nonce of the marker.
local function sweep(index, limit)
  local answer = { 0 }
  local due = redis.call('ZRANGEBYSCORE', index, '-inf', string.format('%.0f', now - GRACE), 'LIMIT', 0, limit)
  for _, id in ipairs(due) do
    local hex = string.gsub(id, '.', function(byte) return string.format('%02x', string.byte(byte)) end)
    local key = string.sub(index, 1, -2) .. hex
    local head = head_of(key)
    if head and not over(head.deadline) then
      redis.call('ZADD', index, head.deadline == math.huge and '+inf' or string.format('%.0f', head.deadline), id)
    else
      redis.call('DEL', key)
      redis.call('ZREM', index, id)
      answer[1] = answer[1] + 1
      if head and head.owner ~= '' then
        table.insert(answer, id)
        table.insert(answer, head.owner)
        table.insert(answer, head.nonce)
      end
    end
  end
  return answer
end

-- Writes an entry and its place in the index. What can be refused comes first, so that it is both or neither.
local function put(entry, index, text, score, ttl, id)
  local indexed = redis.pcall('ZADD', index, score, id)
  if type(indexed) == 'table' then return indexed end
  if ttl == '' then redis.call('SET', entry, text) else redis.call('SET', entry, text, 'PX', ttl) end
  return nil
end
