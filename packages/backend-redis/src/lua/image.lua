-- A consistent view of the data at one slot, read piece by piece while slots are applied (see preserve_key in commands.lua).
-- ARGV: step, image, ...
--   begin ID                 -> { mark or '', log time, packed results, records as pairs }
--   scan ID cursor count     -> { next cursor, keys }     keys that may have to be read
--   settle ID                -> 1                         all keys were read: what changes from here on does not matter
--   rest ID count            -> keys                      kept keys that were not read
--   read ID bytes key...     -> { keys done, packed { { key, deadline, payload }... } }    stops after about `bytes`
--   sum ID budget key...     -> { keys done, keys counted, two sums }                      for the digest
--   release ID               -> 1
local step, id = ARGV[1], ARGV[2]

local function begin()
  use(SYSTEM)
  call('SADD', 'images', id)
  call('SADD', 'barriers', id)
  local meta = call('HMGET', 'meta', 'mark', 'logtime')
  return { meta[1] or '', meta[2] or '0', call('GET', 'results') or '', call('HGETALL', 'records') }
end

-- The key as it was at the image's slot, once: deadline and payload, or nil when it was read before or was not there.
local function take(key)
  use(SYSTEM)
  local is_new = call('SADD', 'seen:' .. id, key)
  if is_new == 0 then return nil end
  local kept = call('HGET', 'kept:' .. id, key)
  if kept then call('HDEL', 'kept:' .. id, key) end
  use(DATA)
  if kept == '' then return nil end
  if kept then return cmsgpack.unpack(kept) end
  local payload = call('DUMP', key)
  if not payload then return nil end
  return call('PEXPIRETIME', key), payload
end

local function read(most, first)
  local entries, bytes, index = {}, 0, first
  while ARGV[index] and bytes < most do
    local at, payload = take(ARGV[index])
    if payload then
      entries[#entries + 1] = { ARGV[index], ms(at), payload }
      bytes = bytes + #payload + #ARGV[index]
    end
    index = index + 1
  end
  return { index - first, cmsgpack.pack(entries) }
end

-- Sums of hashes: the same in any order.
local MODULUS = 281474976710656
local sums = { 0, 0 }

local function add(text)
  local hash = redis.sha1hex(text)
  sums[1] = (sums[1] + tonumber(string.sub(hash, 1, 12), 16)) % MODULUS
  sums[2] = (sums[2] + tonumber(string.sub(hash, 13, 24), 16)) % MODULUS
end

local function framed(...)
  local parts = { ... }
  for index, part in ipairs(parts) do parts[index] = #part .. ':' .. part end
  return table.concat(parts)
end

-- Each function gives a text that stands for the content and not for how it is stored.
local function set_text(elements)
  local outer = sums
  sums = { 0, 0 }
  for _, element in ipairs(elements) do add(element) end
  local text = ms(sums[1]) .. ' ' .. ms(sums[2])
  sums = outer
  return text
end

local function pairs_text(flat)
  local elements = {}
  for index = 1, #flat, 2 do elements[#elements + 1] = framed(flat[index], flat[index + 1]) end
  return set_text(elements)
end

local function list_text(items)
  for index, item in ipairs(items) do items[index] = redis.sha1hex(item) end
  return redis.sha1hex(table.concat(items))
end

local function stream_text(key)
  local parts = {}
  local info = call('XINFO', 'STREAM', key)
  for index = 1, #info, 2 do
    local name = info[index]
    if name == 'last-generated-id' or name == 'entries-added' or name == 'max-deleted-entry-id' then
      parts[#parts + 1] = name .. ' ' .. tostring(info[index + 1])
    end
  end
  for _, entry in ipairs(call('XRANGE', key, '-', '+')) do
    parts[#parts + 1] = framed(entry[1], unpack(entry[2]))
  end
  return list_text(parts)
end

local function content(key)
  local kind = call('TYPE', key).ok
  if kind == 'string' then return kind, call('GET', key) end
  if kind == 'list' then return kind, list_text(call('LRANGE', key, 0, -1)) end
  if kind == 'set' then return kind, set_text(call('SMEMBERS', key)) end
  if kind == 'hash' then return kind, pairs_text(call('HGETALL', key)) end
  if kind == 'zset' then return kind, pairs_text(call('ZRANGE', key, 0, -1, 'WITHSCORES')) end
  if kind == 'stream' then return kind, stream_text(key) end
  return kind, call('DUMP', key)
end

local function sum(budget, first)
  local counted, bytes, index = 0, 0, first
  while ARGV[index] and bytes < budget do
    local at, payload = take(ARGV[index])
    if payload then
      local key = ARGV[index]
      use(SCRATCH)
      call('RESTORE', key, '0', payload, 'REPLACE')
      local kind, text = content(key)
      call('DEL', key)
      add(framed(key, kind, ms(at), text))
      counted = counted + 1
      bytes = bytes + #payload
    end
    index = index + 1
  end
  return { index - first, counted, ms(sums[1]), ms(sums[2]) }
end

local function rest()
  use(SYSTEM)
  return call('HRANDFIELD', 'kept:' .. id, ARGV[3])
end

local function release()
  use(SYSTEM)
  call('SREM', 'barriers', id)
  call('SREM', 'images', id)
  return call('UNLINK', 'seen:' .. id, 'kept:' .. id)
end

local function settle()
  use(SYSTEM)
  return call('SREM', 'barriers', id)
end

-- A server that was restarted, or a store that was replaced, knows nothing of the image any more.
use(SYSTEM)
if step ~= 'begin' and step ~= 'release' and call('SISMEMBER', 'images', id) == 0 then
  use(DATA)
  return redis.error_reply('ERR the store was replaced while it was read')
end

local answer
if step == 'begin' then answer = begin()
elseif step == 'scan' then use(DATA) answer = call('SCAN', ARGV[3], 'COUNT', ARGV[4])
elseif step == 'settle' then answer = settle()
elseif step == 'rest' then answer = rest()
elseif step == 'read' then answer = read(tonumber(ARGV[3]), 4)
elseif step == 'sum' then answer = sum(tonumber(ARGV[3]), 4)
else answer = release() end
use(DATA)
return answer
