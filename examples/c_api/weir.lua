-- Three requests of one client under a plan with a burst of two, from LuaJIT
-- (and so from OpenResty):
--
--   luajit weir.lua
local ffi = require("ffi")

-- What is used of weir/weir.h.
ffi.cdef [[
  typedef struct weir_enforcer weir_enforcer;
  typedef struct { char* data; size_t size; } weir_text;
  typedef struct {
    size_t size;
    uint8_t outcome, forbidden, limit, reserved[5];
    int64_t retry_after_ns, made_at_unix_ns, burst, burst_window_seconds;
    int64_t quota_limit, quota_remaining;
    uint64_t units_remaining, units_per_token;
    int32_t day, calendar;
  } weir_decision;

  uint32_t weir_abi_version(void);
  void weir_text_free(weir_text* text);
  int32_t weir_open(const void* options, weir_enforcer** enforcer, weir_text* answer);
  void weir_close(weir_enforcer* enforcer);
  int32_t weir_create_usage_plan(weir_enforcer* enforcer, const char* json, size_t json_size,
                                 weir_text* answer);
  int32_t weir_import_api_keys(weir_enforcer* enforcer, const char* json, size_t json_size,
                               const char* plan_id, size_t plan_id_size, weir_text* answer);
  int32_t weir_intern_route(weir_enforcer* enforcer, const char* api_id, size_t api_id_size,
                            const char* stage, size_t stage_size, const char* method_key,
                            size_t method_key_size, uint32_t* route, weir_text* answer);
  int32_t weir_admit(weir_enforcer* enforcer, const char* api_key, size_t api_key_size,
                     uint32_t route, uint32_t cost, weir_decision* decision);
  int32_t weir_http_status(const weir_decision* decision, const char** body,
                           const char** error_type);
]]
local weir = ffi.load("weir")
assert(weir.weir_abi_version() == 1)

local answer = ffi.new("weir_text")
-- Raises what an answer says of an error.
local function check(code)
  local text = answer.data ~= nil and ffi.string(answer.data, answer.size) or ""
  weir.weir_text_free(answer)
  if code ~= 0 then error("weir: " .. text) end
  return text
end

local opened = ffi.new("weir_enforcer*[1]")
check(weir.weir_open(nil, opened, answer))
local enforcer = ffi.gc(opened[0], weir.weir_close)

local plan = [[{"id": "basic", "name": "basic",
                "apiStages": [{"apiId": "a1b2c3", "stage": "prod"}],
                "throttle": {"rateLimit": 0.1, "burstLimit": 2}}]]
check(weir.weir_create_usage_plan(enforcer, plan, #plan, answer))
local key = "a-secret-of-20-characters"
local keys = '[{"name": "client", "enabled": true, "value": "' .. key .. '"}]'
check(weir.weir_import_api_keys(enforcer, keys, #keys, "basic", #"basic", answer))
local route = ffi.new("uint32_t[1]")
check(weir.weir_intern_route(enforcer, "a1b2c3", #"a1b2c3", "prod", #"prod", "/pets/GET",
                             #"/pets/GET", route, answer))

local ADMITTED = 1
local decision = ffi.new("weir_decision")
decision.size = ffi.sizeof(decision)
for _ = 1, 3 do
  if weir.weir_admit(enforcer, key, #key, route[0], 1, decision) == ADMITTED then
    print("200 OK")
  else
    print(("%d, retry after %.3f s"):format(weir.weir_http_status(decision, nil, nil),
                                            tonumber(decision.retry_after_ns) / 1e9))
  end
end
