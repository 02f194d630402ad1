-- wrk -s wrk.lua URL -- PARTS: the requests of a cycle over and over, the callers in turn, a cycle each.
-- PARTS is a Lua file that returns { cycle, callers = { { headers, read, page } }, write = { line, head, tail } }.
-- A write is line .. headers .. head .. key .. tail, with a fresh key; any other request one of the caller's lines .. headers.
local cycle, callers, write
local threads = {}
local run = string.format('%x', os.time())
local number = 0
reads, writes = 0, 0 -- global: done() gets them from the thread

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local parts = dofile(args[1])
  cycle, callers, write = parts.cycle, parts.callers, parts.write
end

function request()
  local kind = cycle[number % #cycle + 1]
  local caller = callers[math.floor(number / #cycle) % #callers + 1]
  number = number + 1
  if kind == 'write' then
    writes = writes + 1
    return write.line .. caller.headers .. write.head .. run .. '-' .. number .. write.tail
  end
  reads = reads + 1
  local lines = caller[kind]
  return lines[math.random(#lines)] .. caller.headers .. '\r\n'
end

function done(summary, latency)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  local sent = { reads = 0, writes = 0 }
  for _, thread in ipairs(threads) do
    sent.reads = sent.reads + thread:get('reads')
    sent.writes = sent.writes + thread:get('writes')
  end
  io.write(string.format(
    '{"seconds":%.3f,"acknowledged":%d,"errors":%d,"reads":%d,"writes":%d,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.duration / 1e6, summary.requests - errors.status, errors.status + lost, sent.reads, sent.writes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
