-- One slot: effects, mark, records and results, all or nothing, only if the stored mark is the expected one.
-- ARGV: previous mark, next mark, 1 if the previous mark may be missing, log time (ms), slot,
--       packed { { command }, { { record key, value or false } } }
-- Gives { 'applied' | 'repeated', packed results }, or { 'refused', stored mark }, or { 'foreign', keys expected, keys found }.
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

-- Should this script ever be cut short, the store says so instead of pretending that the slot was not begun.
use(SYSTEM)
call('HSET', 'meta', 'mark', 'interrupted at ' .. ARGV[2])
use(DATA)

now = tonumber(ARGV[4])
local batch = cmsgpack.unpack(ARGV[6])
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
