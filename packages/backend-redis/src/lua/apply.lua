-- One slot: effects, mark, records and results, all or nothing, only if the stored mark is the expected one.
-- ARGV: previous mark, next mark, 1 if the previous mark may be missing, log time (ms), slot,
--       packed { { command }, { { record key, value or false } }, { words of every command that will be run } }
-- Gives { 'applied' | 'repeated', packed results }, or { 'refused', stored mark }, or { 'foreign', keys expected, keys found },
-- or { 'forbidden', names }: the user may not run these.

-- What this script runs behind its first step, beside the commands of the slot; with as many words as each needs.
local OWN_RIGHTS = {
  { 'PEXPIRETIME', '1' }, { 'UNLINK', '1' }, { 'DEL', '1' }, { 'SET', '1', '1' }, { 'HSET', '1', '1', '1' }, { 'HDEL', '1', '1' },
  { 'ZRANGEBYSCORE', '1', '1', '1' }, { 'ZADD', '1', '1', '1' }, { 'ZREM', '1', '1' },
  { 'COMMAND', 'GETKEYS', 'GET', '1' }, { 'DUMP', '1' }, { 'SCAN', '0' }, { 'SISMEMBER', '1', '1' }, { 'HSETNX', '1', '1', '1' },
}

use(SYSTEM)
local meta = call('HMGET', 'meta', 'mark', 'size')
local mark, size = meta[1], tonumber(meta[2] or '0')
if mark == ARGV[2] then return { 'repeated', call('GET', 'results') or '' } end
if mark ~= ARGV[1] and not (mark == false and ARGV[3] == '1') then return { 'refused', mark or '' } end
indexed = call('EXISTS', 'deadlines') == 1
barriers = call('SMEMBERS', 'barriers')
use(DATA)
local found = call('DBSIZE')
if found ~= size then return { 'foreign', ms(size), ms(found) } end

-- Rights that were taken away since the connection was made are missed before the first step, and not in the middle. What
-- was run above is not looked at again.
local batch = cmsgpack.unpack(ARGV[6])
local forbidden = {}
for _, rights in ipairs({ OWN_RIGHTS, batch[3] }) do
  for _, words in ipairs(rights) do
    if not redis.acl_check_cmd(unpack(words)) then forbidden[#forbidden + 1] = words[1] end
  end
end
if forbidden[1] then return { 'forbidden', table.concat(forbidden, ', ') } end

-- Should this script ever be cut short, the store says so instead of pretending that the slot was not begun.
use(SYSTEM)
call('HSET', 'meta', 'mark', 'interrupted at ' .. ARGV[2])
use(DATA)

now = tonumber(ARGV[4])
local results = {}
local room = MOST_REPLIES
if indexed then sweep() end
for ordinal, words in ipairs(batch[1]) do
  seed = ARGV[5] .. '.' .. ordinal .. ':'
  local left = MOST_REPLY
  if room < 0 then
    results[ordinal] = { err = 'TRYAGAIN it was not executed: the replies of other commands fill its slot' }
  elseif type(words[1]) == 'table' then
    local replies = {}
    for index, part in ipairs(words) do
      seed = ARGV[5] .. '.' .. ordinal .. '.' .. index .. ':'
      replies[index], left = bounded(execute(part), left)
      indexed = indexed or next(touched) ~= nil
    end
    results[ordinal] = replies
  else
    results[ordinal], left = bounded(execute(words), left)
    indexed = indexed or next(touched) ~= nil
  end
  room = room - (MOST_REPLY - left)
end
found = call('DBSIZE')
note_deadlines()
for _, record in ipairs(batch[2]) do
  if record[2] then call('HSET', 'records', record[1], record[2]) else call('HDEL', 'records', record[1]) end
end
local packed = cmsgpack.pack(results)
call('SET', 'results', packed)
call('HSET', 'meta', 'mark', ARGV[2], 'size', ms(found), 'logtime', ARGV[4])
use(DATA)
return { 'applied', packed }
