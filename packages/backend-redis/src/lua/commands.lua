-- Executing commands. `now` is log time (ms), `seed` names the command's place in the log, `touched` collects keys whose
-- deadline may have changed, `indexed` says that some key has a deadline. Errors are replies, never raised; OK is true.
local now, seed, touched, indexed = 0, '', {}, false
local barriers, preserved = {}, {}

-- The write barrier of images: before a key changes for the first time, its old value goes to the images that have not
-- read it. An empty value: there was none.
local function preserve_key(key)
  if preserved[key] then return end
  preserved[key] = true
  local value = ''
  local payload = call('DUMP', key)
  if payload then value = cmsgpack.pack(call('PEXPIRETIME', key), payload) end
  use(SYSTEM)
  for _, id in ipairs(barriers) do
    if call('SISMEMBER', 'seen:' .. id, key) == 0 then call('HSETNX', 'kept:' .. id, key, value) end
  end
  use(DATA)
end

local function preserve_all()
  local cursor = '0'
  repeat
    local page = call('SCAN', cursor, 'COUNT', 500)
    cursor = page[1]
    for _, key in ipairs(page[2]) do preserve_key(key) end
  until cursor == '0'
end

local function plain(words)
  if barriers[1] then
    local keys = pcall('COMMAND', 'GETKEYS', unpack(words))
    if not keys.err then for _, key in ipairs(keys) do preserve_key(key) end end
  end
  local reply = pcall(unpack(words))
  if type(reply) ~= 'table' then return reply end
  if reply.ok == 'OK' then return true end
  if not reply.err then return reply end
  -- Looked for before the first step, so this cannot be. The others execute it: stopping here, and being found stopped,
  -- is better than to go on without it.
  if string.find(reply.err, 'user executing the script', 1, true) or string.find(reply.err, 'ACL failure', 1, true) then
    error({ err = reply.err })
  end
  return { err = reply.err }
end

local function is_error(reply)
  return type(reply) == 'table' and reply.err ~= nil
end

-- Lua compares strings as the locale does; replicas must agree byte by byte.
local function before(left, right)
  local common = math.min(#left, #right)
  for index = 1, common do
    local l, r = string.byte(left, index), string.byte(right, index)
    if l ~= r then return l < r end
  end
  return #left < #right
end

-- After a command that may have given `key` a deadline: one that has passed already deletes the key.
local function has_deadline(key)
  local at = call('PEXPIRETIME', key)
  if at >= 0 and at <= now + NEVER then call('UNLINK', key) end
  touched[key] = true
end

local function with_options(words, from)
  local reply_words, timed = words, false
  for index = from, #words - 1 do
    if words[index] == 'PX' or words[index] == 'PXAT' then
      local base = words[index] == 'PX' and now or 0
      reply_words[index], reply_words[index + 1] = 'PXAT', ms(base + tonumber(words[index + 1]) + NEVER)
      timed = true
    end
  end
  local reply = plain(reply_words)
  if timed then has_deadline(words[2]) elseif indexed then touched[words[2]] = true end
  return reply
end

local function expire(words, deadline)
  local changed = { 'PEXPIREAT', words[2], ms(math.max(deadline, 0) + NEVER), unpack(words, 4) }
  local reply = plain(changed)
  if reply == 1 then has_deadline(words[2]) end
  return reply
end

-- Replies beyond 2^53 lose digits on the way through Lua; the stored text has them all.
local function counted(words)
  local reply = plain(words)
  if type(reply) ~= 'number' or (reply < 9007199254740992 and reply > -9007199254740992) then return reply end
  if words[1] == 'HINCRBY' then return { int = call('HGET', words[2], words[3]) } end
  return { int = call('GET', words[2]) }
end

-- The `count` members whose hash with the seed is smallest: the same ones on every replica, whatever the order inside.
local function drawn(key, count)
  local draws = {}
  for _, member in ipairs(call('SMEMBERS', key)) do
    draws[#draws + 1] = { tonumber(string.sub(redis.sha1hex(seed .. member), 1, 12), 16), member }
  end
  table.sort(draws, function(left, right)
    if left[1] ~= right[1] then return left[1] < right[1] end
    return before(left[2], right[2])
  end)
  local members = {}
  for index = 1, math.min(count, #draws) do members[index] = draws[index][2] end
  return members
end

-- Members that the leader proposed go first, as far as they are still there; the rest is drawn here.
local function pop(key, count, proposed)
  local size = pcall('SCARD', key)
  if is_error(size) then return { err = size.err } end
  local wanted = count == '' and 1 or tonumber(count)
  local popped = {}
  local function take(member)
    if #popped < wanted and plain({ 'SREM', key, member }) == 1 then popped[#popped + 1] = member end
  end
  for _, member in ipairs(proposed) do take(member) end
  if #popped < math.min(wanted, size) then
    for _, member in ipairs(drawn(key, wanted - #popped)) do take(member) end
  end
  if count == '' then return popped[1] or false end
  return popped
end

-- `*` is log time, and a number that makes ids rise; a stream whose last id is later than log time goes on from that id.
local function add_to_stream(words)
  local at = 3
  while words[at] == 'NOMKSTREAM' or words[at] == 'MAXLEN' or words[at] == 'MINID' do
    at = at + (words[at] == 'NOMKSTREAM' and 1 or 2)
  end
  if words[at] ~= '*' then return plain(words) end
  words[at] = ms(now) .. '-*'
  local reply = plain(words)
  if not is_error(reply) or not string.find(reply.err, 'equal or smaller', 1, true) then return reply end
  local info = call('XINFO', 'STREAM', words[2])
  for index = 1, #info, 2 do
    if info[index] == 'last-generated-id' then words[at] = string.match(info[index + 1], '^%d+') .. '-*' end
  end
  return plain(words)
end

local function flush()
  if barriers[1] then preserve_all() end
  use(SYSTEM)
  call('DEL', 'deadlines')
  use(DATA)
  touched = {}
  call('FLUSHDB', 'ASYNC')
  return true
end

local function touching(first, step)
  return function(words)
    local reply = plain(words)
    if indexed then
      for index = first, #words, step do touched[words[index]] = true end
    end
    return reply
  end
end

local function moving(words)
  local reply = plain(words)
  if indexed then touched[words[2]], touched[words[3]] = true, true end
  return reply
end

local function sorted(words)
  local reply = plain(words)
  if type(reply) == 'table' and not reply.err then table.sort(reply, before) end
  return reply
end

-- Fields sorted, with their values; `part` 1: fields, 2: values, nil: both.
local function sorted_hash(part)
  return function(words)
    local reply = plain({ 'HGETALL', words[2] })
    if is_error(reply) then return reply end
    local pairs_, flat = {}, {}
    for index = 1, #reply, 2 do pairs_[#pairs_ + 1] = { reply[index], reply[index + 1] } end
    table.sort(pairs_, function(left, right) return before(left[1], right[1]) end)
    for _, pair in ipairs(pairs_) do
      if part ~= 2 then flat[#flat + 1] = pair[1] end
      if part ~= 1 then flat[#flat + 1] = pair[2] end
    end
    return flat
  end
end

local function remaining(relative, unit)
  return function(words)
    local at = plain({ 'PEXPIRETIME', words[2] })
    if type(at) ~= 'number' or at < 0 then return at end
    local left = at - NEVER - (relative and now or 0)
    return unit == 1 and left or math.floor((left + 500) / 1000)
  end
end

local special = {
  SET = function(words)
    if #words > 3 then return with_options(words, 4) end
    if indexed then touched[words[2]] = true end
    return plain(words)
  end,
  GETEX = function(words) return with_options(words, 3) end,
  PEXPIRE = function(words) return expire(words, now + tonumber(words[3])) end,
  PEXPIREAT = function(words) return expire(words, tonumber(words[3])) end,
  INCR = counted, INCRBY = counted, DECR = counted, DECRBY = counted, HINCRBY = counted,
  SPOP = function(words) return pop(words[2], words[3] or '', {}) end,
  ['SPOP.CHOSEN'] = function(words) return pop(words[2], words[3], { unpack(words, 4) }) end,
  XADD = add_to_stream,
  FLUSHALL = flush,
  DEL = touching(2, 1), UNLINK = touching(2, 1), GETDEL = touching(2, 1), PERSIST = touching(2, 1),
  GETSET = touching(2, 3), SETNX = touching(2, 3), MSET = touching(2, 2), MSETNX = touching(2, 2),
  RENAME = moving, RENAMENX = moving, COPY = moving,
  SMEMBERS = sorted, SINTER = sorted, SUNION = sorted, SDIFF = sorted, KEYS = sorted,
  HKEYS = sorted_hash(1), HVALS = sorted_hash(2), HGETALL = sorted_hash(nil),
  TTL = remaining(true, 1000), PTTL = remaining(true, 1),
  EXPIRETIME = remaining(false, 1000), PEXPIRETIME = remaining(false, 1),
  TIME = function() return { ms(math.floor(now / 1000)), ms((now % 1000) * 1000) } end,
}

-- What a reply takes, roughly, in bytes.
local function weight(reply)
  if type(reply) == 'string' then return 16 + #reply end
  if type(reply) ~= 'table' then return 16 end
  local sum = 16
  for _, each in pairs(reply) do sum = sum + weight(each) end
  return sum
end

-- Replies are stored with the slot and sent, so one that is too long is left out. `left` is what the command may still
-- answer, in bytes. Gives the reply and what is left then. The same on every replica, because the state is.
local function bounded(reply, left)
  local size = weight(reply)
  if size <= left then return reply, left - size end
  return { err = 'TOOLONG it was executed, and its reply is left out: over ' .. ms(MOST_REPLY) .. ' bytes' }, left
end

local function execute(words)
  local run = special[words[1]]
  if run then return run(words) end
  return plain(words)
end

-- Deletes every key whose deadline is at or before log time, so that no command and no read meets one.
local function sweep()
  while true do
    use(SYSTEM)
    local due = call('ZRANGEBYSCORE', 'deadlines', '-inf', ms(now), 'LIMIT', 0, 1000)
    use(DATA)
    if #due == 0 then return end
    for _, key in ipairs(due) do
      local at = call('PEXPIRETIME', key)
      if at >= 0 and at <= now + NEVER then
        if barriers[1] then preserve_key(key) end
        call('UNLINK', key)
      elseif at >= 0 then
        touched[key] = true
      end
    end
    use(SYSTEM)
    call('ZREM', 'deadlines', unpack(due))
  end
end

-- Brings the index of deadlines up to date with what the commands did. Leaves SYSTEM in use.
local function note_deadlines()
  local deadlines = {}
  for key in pairs(touched) do deadlines[key] = call('PEXPIRETIME', key) end
  use(SYSTEM)
  for key, at in pairs(deadlines) do
    if at >= 0 then call('ZADD', 'deadlines', ms(at - NEVER), key) else call('ZREM', 'deadlines', key) end
  end
end
