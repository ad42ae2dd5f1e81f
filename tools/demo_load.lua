-- wrk's side of tools/demo: paces the connections, and counts the answers.
--
-- usage: wrk -t1 ... -s tools/demo_load.lua URL -- MILLISECONDS
-- Each connection waits that long between an answer and its next request. The
-- last line printed is `answers ADMITTED THROTTLED OVER_QUOTA FORBIDDEN OTHER`.

local thread

function setup(started)
  thread = started
end

function init(arguments)
  pause = tonumber(arguments[1])
  admitted, throttled, over_quota, forbidden, other = 0, 0, 0, 0, 0
end

function delay()
  return pause
end

function response(status, headers, body)
  if status == 200 then
    admitted = admitted + 1
  elseif status == 429 and body == '{"message":"Too Many Requests"}' then
    throttled = throttled + 1
  elseif status == 429 and body == '{"message":"Limit Exceeded"}' then
    over_quota = over_quota + 1
  elseif status == 403 and body == '{"message":"Forbidden"}' then
    forbidden = forbidden + 1
  else
    other = other + 1
  end
end

function done()
  io.write(string.format("answers %d %d %d %d %d\n",
    thread:get("admitted"), thread:get("throttled"), thread:get("over_quota"),
    thread:get("forbidden"), thread:get("other")))
end
