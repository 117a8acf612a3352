-- Shared by all scripts, put in front of each, behind a first line (`#!lua`) that makes Redis check before the first
-- step, and not in the middle, that it may write: not out of memory, not a replica, able to save.
--
-- Database 0 holds the data. Database 1 holds what belongs to the framework, where no command of a user reaches:
--   meta        hash: mark (text of the mark), size (keys of the data), logtime (ms), node
--   records     hash: system records          results   packed results of the last slot
--   deadlines   sorted set: key -> deadline (ms of log time), at least every key that has one
--   barriers    set of images that must not see what changes now      images   set of images that have keys here
--   seen:ID, kept:ID    of an image: keys that were read, and old values of keys that changed before they were read
-- Database 2 is where a snapshot is loaded, database 3 where a digest looks at a kept value.
local DATA, SYSTEM, STAGING, SCRATCH = 0, 1, 2, 3

-- Deadlines are kept by Redis itself, which so carries them along through every command, but 2^47 ms (4459 years) too
-- late for its own clock ever to act on them. We delete what is due, by log time.
local NEVER = 140737488355328

local call, pcall = redis.call, redis.pcall

local function use(database)
  call('SELECT', database)
end

local function ms(number)
  return string.format('%.0f', number)
end

-- Bytes of replies: what one command may answer, and a slot before the rest of it is not executed. All replies of a slot
-- are one value of the server, and one answer must fit into a frame between nodes.
local MOST_REPLY, MOST_REPLIES = 12582912, 67108864
