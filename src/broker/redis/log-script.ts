import { maxTimelines, tagScale } from '../timeline.ts'

/**
 * The log and its timelines (`../timeline.ts`), in Lua: who writes it now, and which position is next.
 *
 * A server process that comes to write the log must begin a timeline, also one that was the master before. It knows its own hand:
 * - A function has a memory (`given`) that is that of its process: it is not replicated, not kept, and gone when the data are loaded
 *   anew. Under a name that stands in the log as its `writer` it remembers the position that it gave last; where the log ends at
 *   another one, somebody else has written it, or its end was lost.
 * - A script has none. It compares the id of the process, which costs a call of INFO for each append, and does not see that a
 *   master was demoted, lost its end, and was promoted again without anything written in between.
 *
 * The two know each other's hand by the id of the process, with which the name begins.
 */
export const log = `
local scale = ${tagScale}
local given, names = {}, 0
local run

local function digits(number)
  return string.format('%.0f', number)
end

local function now()
  local time = redis.call('TIME')
  local micros = tonumber(time[2])
  return tonumber(time[1]) * 1000 + math.floor(micros / 1000), micros
end

local function parts(position)
  local ms, seq = string.match(position, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function is_after(a, b)
  local a_ms, a_seq = parts(a)
  local b_ms, b_seq = parts(b)
  return a_ms > b_ms or (a_ms == b_ms and a_seq > b_seq)
end

local function next_position(last, time, tag)
  local ms, seq = parts(last)
  if time > ms then return digits(time) .. '-' .. digits(scale + tag) end
  return digits(ms) .. '-' .. digits((math.floor(seq / scale) + 1) * scale + tag)
end

-- Empty where INFO is forbidden: a script then takes every process for one.
local function run_id()
  if not run then
    local info = redis.pcall('INFO', 'server')
    run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
  end
  return run
end

local function new_name(time)
  if not has_memory then return run_id() end
  names = names + 1
  return run_id() .. '/' .. digits(time) .. '.' .. digits(names)
end

-- Whether it was written last by this process, though in the other way.
local function is_by_other_way(log)
  if not log.writer then return false end
  local run, name = string.match(log.writer, '^([^/]*)(.*)')
  return run == run_id() and (name == '') == has_memory
end

-- By the clock, because the random numbers of a server begin alike in each of its processes.
local function new_tag(timelines, micros)
  local taken = {}
  for _, line in ipairs(timelines) do taken[string.match(line, '^%d+')] = true end
  local tag = micros % (scale - 1) + 1
  while taken[digits(tag)] do tag = tag % (scale - 1) + 1 end
  return tag
end

local function begin_timeline(prefix, log, tag, begin, time)
  local timelines = log.timelines
  timelines[#timelines + 1] = digits(tag) .. ':' .. begin .. ':' .. (log.position or begin)
  while #timelines > ${maxTimelines} do table.remove(timelines, 1) end
  if log.writer then given[log.writer] = nil end
  log.writer = new_name(time)
  redis.call('HSET', prefix .. 'log', 'writer', log.writer, 'timelines', table.concat(timelines, ' '))
end

local function write_place(prefix, log, position)
  log.position = position
  redis.call('HSET', prefix .. 'log', 'position', position)
  if has_memory then given[log.writer] = position end
end

-- The log as it is, which begins here where there is none.
local function open_log(prefix, time, micros)
  local found = redis.call('HMGET', prefix .. 'log', 'start', 'position', 'writer')
  if found[1] then return { start = found[1], position = found[2], writer = found[3] } end
  local tag = new_tag({}, micros)
  local log = { start = digits(time) .. '-' .. digits(scale + tag), timelines = {} }
  redis.call('HSET', prefix .. 'log', 'start', log.start)
  begin_timeline(prefix, log, tag, log.start, time)
  write_place(prefix, log, log.start)
  return log
end

-- The position of what is appended now.
local function next_place(prefix, log, time, micros)
  local is_ours
  if has_memory then is_ours = log.writer and given[log.writer] == log.position
  else is_ours = log.writer == run_id() end
  if not is_ours and is_by_other_way(log) then
    is_ours = true
    log.writer = new_name(time)
    redis.call('HSET', prefix .. 'log', 'writer', log.writer)
  end
  if is_ours then
    local _, seq = parts(log.position)
    return next_position(log.position, time, seq % scale)
  end
  log.timelines = {}
  for line in string.gmatch(redis.call('HMGET', prefix .. 'log', 'timelines')[1] or '', '%S+') do
    log.timelines[#log.timelines + 1] = line
  end
  local tag = new_tag(log.timelines, micros)
  local begin = next_position(log.position, time, tag)
  begin_timeline(prefix, log, tag, begin, time)
  return begin
end

-- What a replica says may be old: whoever reads there, and hears announcements from the master, would miss what is between.
local function is_replica()
  local info = redis.pcall('INFO', 'replication')
  return type(info) == 'string' and string.find(info, 'role:slave', 1, true) ~= nil
end

local function misplaced()
  return redis.error_reply('READONLY This server is a replica')
end
`
