import { maxTrace } from '../../base/trace.ts'
import { defaultHorizon, defaultIdWindow } from '../windows.ts'

/**
 * The two ways to append, in Lua.
 *
 * `append(prefix; options, data)` -> the position, or nil where no channel keeps the message. For programs in any language.
 *
 * `append_all(prefix; horizon, id window, replicas, retentions, group...)` -> the answers. For hubs, which have checked what they
 * send, and send all that came together: the form is one that costs little to read.
 *
 * | argument      | is                                                                                     |
 * | ------------- | -------------------------------------------------------------------------------------- |
 * | `horizon`, `id window` | ms                                                                            |
 * | `replicas`    | `1` where a WAIT follows                                                               |
 * | `retentions`  | `count:age:bytes`, with a space between two                                            |
 * | a group       | channels with a comma between two; for each the number of its retention, from 1, in the same way; how many messages; and of each its head and its data |
 * | a head        | event, key and id with a line feed between two, each of which may be empty, and where there is one the trace after a fourth; or nothing at all |
 *
 * The answers are a list. Its first is a text with a word for each message: the position, `-` where no channel keeps it, `!` where
 * it has failed. The others are the errors of those that failed.
 */
export const append = `
local defaults = { count = 10000, age = 86400000, bytes = 67108864 }

-- Any program can call this, and what it says becomes lines of a stream: the threat is a line feed that begins a line of its own.
local function fault(message, data)
  if not data then return 'two arguments are needed: the options as JSON, and the data' end
  if type(message) ~= 'table' then return 'the options must be a JSON object' end
  if type(message.channels) ~= 'table' or #message.channels == 0 then return '"channels" must be a list of names' end
  local seen = {}
  for _, channel in ipairs(message.channels) do
    if type(channel) ~= 'string' or channel == '' or string.find(channel, '[%c%s,]') then
      return 'a channel is named by a string without white space, control characters and commas'
    end
    if seen[channel] then return 'a channel is named twice' end
    seen[channel] = true
  end
  for _, name in ipairs({ 'event', 'key', 'id' }) do
    local value = message[name]
    if value and (type(value) ~= 'string' or value == '' or string.find(value, '[%z\\r\\n]')) then
      return '"' .. name .. '" must be a string without a line end or a null'
    end
  end
  if message.trace then
    if type(message.trace) ~= 'table' then return '"trace" must be a JSON object' end
    for name, value in pairs(message.trace) do
      if type(name) ~= 'string' or type(value) ~= 'string' then return '"trace" must have strings only' end
    end
    if #cjson.encode(message.trace) > ${maxTrace} then return '"trace" has more than ${maxTrace} bytes' end
  end
end

local function append(keys, args)
  local parsed, message = pcall(cjson.decode, args[1] or '')
  if not parsed then message = nil end
  for name, value in pairs(type(message) == 'table' and message or {}) do
    if value == cjson.null then message[name] = nil end
  end
  local wrong = fault(message, args[2])
  if wrong then return redis.error_reply('MILLRACE ' .. wrong) end
  message.data = args[2]
  message.trace = message.trace and next(message.trace) and cjson.encode(message.trace)
  message.retention = message.retention or {}
  for index in ipairs(message.channels) do
    local kept = message.retention[index] or {}
    for name, value in pairs(defaults) do kept[name] = math.floor(kept[name] or value) end
    message.retention[index] = kept
  end
  local horizon, id_window = math.floor(message.horizon or ${defaultHorizon}), math.floor(message.idWindow or ${defaultIdWindow})
  local batch = open_batch(keys[1], horizon, id_window, message.minReplicas)
  add(batch, open_group(batch, message.channels, message.retention), message)
  return close_batch(batch)[1]
end
`

export const appendAll = `
local function to_list(text, value_of)
  local list = {}
  for word in string.gmatch(text, '[^,]+') do list[#list + 1] = value_of(word) end
  return list
end

local function append_all(keys, args)
  local batch = open_batch(keys[1], tonumber(args[1]), tonumber(args[2]), args[3] == '1')
  local retentions = {}
  for count, age, bytes in string.gmatch(args[4], '(%d+):(%d+):(%d+)') do
    retentions[#retentions + 1] = { count = tonumber(count), age = tonumber(age), bytes = tonumber(bytes) }
  end
  local at = 5
  while args[at] do
    local channels = to_list(args[at], tostring)
    local retention = to_list(args[at + 1], function(number) return retentions[tonumber(number)] end)
    local group, first = open_group(batch, channels, retention), at + 3
    at = first + 2 * tonumber(args[at + 2])
    for index = first, at - 1, 2 do
      local message, head = { data = args[index + 1] }, args[index]
      if head ~= '' then
        local event, key, id, trace = string.match(head, '^([^\\n]*)\\n([^\\n]*)\\n([^\\n]*)\\n?([^\\n]*)$')
        message.event = event ~= '' and event or nil
        message.key = key ~= '' and key or nil
        message.id = id ~= '' and id or nil
        message.trace = trace ~= '' and trace or nil
      end
      add(batch, group, message)
    end
  end
  local words, reply = {}, { '' }
  for index, answer in ipairs(close_batch(batch)) do
    if type(answer) == 'table' then
      words[index] = '!'
      reply[#reply + 1] = answer.err
    else
      words[index] = answer or '-'
    end
  end
  reply[1] = table.concat(words, ' ')
  return reply
end
`
