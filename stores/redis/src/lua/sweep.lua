-- KEYS: index. ARGV: now, limit.
return sweep(KEYS[1], ARGV[2])
