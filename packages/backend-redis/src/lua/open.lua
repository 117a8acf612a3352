-- What the store holds, and that it belongs to one node. Images of a process that is gone are cleared away.
-- ARGV: node, 1 to clear images.
-- Gives { mark or '', keys found, keys expected, log time, packed results, node it belongs to, records as pairs }.
use(SCRATCH)
use(DATA)
local found = call('DBSIZE')
use(SYSTEM)
if ARGV[2] == '1' then
  for _, id in ipairs(call('SMEMBERS', 'images')) do call('UNLINK', 'seen:' .. id, 'kept:' .. id) end
  call('DEL', 'images', 'barriers')
end
local meta = call('HMGET', 'meta', 'mark', 'size', 'logtime', 'node')
if found == 0 or meta[1] then
  call('HSETNX', 'meta', 'node', ARGV[1])
end
local owner = call('HGET', 'meta', 'node')
local records = call('HGETALL', 'records')
local results = call('GET', 'results')
use(DATA)
return { meta[1] or '', ms(found), meta[2] or '0', meta[3] or '0', results or '', owner or '', records }
