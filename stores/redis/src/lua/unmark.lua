-- KEYS: owner. ARGV: now, and of each marker: id, nonce, what stood there before. Changes what is unchanged.
for i = 2, #ARGV, 3 do
  local marker = redis.call('HGET', KEYS[1], ARGV[i])
  if marker and string.sub(marker, 1, 8) == ARGV[i + 1] then
    if ARGV[i + 2] == '' then
      redis.call('HDEL', KEYS[1], ARGV[i])
    else
      redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
    end
  end
end
return 1
