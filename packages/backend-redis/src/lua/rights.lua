-- Which commands the user of this connection may not run on every key. A command that one server refuses and the others
-- execute would be a difference between replicas.
-- ARGV: commands with as many words as they need, separated by blanks. Gives the names of those that are not allowed.
local refused = {}
for _, line in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(line, '%S+') do words[#words + 1] = word end
  if not redis.acl_check_cmd(unpack(words)) then refused[#refused + 1] = words[1] end
end
return refused
