-- A snapshot is loaded into STAGING and then takes the place of everything at once.
-- ARGV: step, ...
--   begin                                          empties STAGING
--   load packed { { key, deadline, payload }... }  adds keys to it
--   commit mark or '', log time, packed results, packed { { record key, value } }, keys expected, node
local step = ARGV[1]

if step == 'begin' then
  use(STAGING)
  call('FLUSHDB', 'ASYNC')
  use(SYSTEM)
  call('DEL', 'staged')
elseif step == 'load' then
  local entries = cmsgpack.unpack(ARGV[2])
  for _, entry in ipairs(entries) do
    use(STAGING)
    local at = tonumber(entry[2])
    if at < 0 then
      call('RESTORE', entry[1], '0', entry[3])
    else
      call('RESTORE', entry[1], entry[2], entry[3], 'ABSTTL')
      use(SYSTEM)
      call('ZADD', 'staged', ms(at - NEVER), entry[1])
    end
  end
else
  use(STAGING)
  local found = call('DBSIZE')
  if ms(found) ~= ARGV[6] then return redis.error_reply('ERR ' .. found .. ' keys were loaded, not ' .. ARGV[6]) end
  local records = cmsgpack.unpack(ARGV[5]) -- Before the first change: nothing may fail after it.
  use(SYSTEM)
  for _, id in ipairs(call('SMEMBERS', 'images')) do call('UNLINK', 'seen:' .. id, 'kept:' .. id) end
  call('DEL', 'meta', 'records', 'results', 'deadlines', 'images', 'barriers')
  if call('EXISTS', 'staged') == 1 then call('RENAME', 'staged', 'deadlines') end
  for _, record in ipairs(records) do call('HSET', 'records', record[1], record[2]) end
  if ARGV[4] ~= '' then call('SET', 'results', ARGV[4]) end
  call('HSET', 'meta', 'size', ms(found), 'logtime', ARGV[3], 'node', ARGV[7])
  if ARGV[2] ~= '' then call('HSET', 'meta', 'mark', ARGV[2]) end
  call('SWAPDB', DATA, STAGING)
  use(STAGING)
  call('FLUSHDB', 'ASYNC')
end
use(DATA)
return 'OK'
