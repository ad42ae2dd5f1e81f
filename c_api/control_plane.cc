// Routes, plans, keys and usage: JSON in, JSON out.

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/c_api/enforcer.h"
#include "weir/c_api/text.h"
#include "weir/enforcer/route.h"
#include "weir/json/json_writer.h"
#include "weir/management/request_bodies.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/weir.h"

namespace weir::c_api {
namespace {

std::string plan_text(const v1::UsagePlan& plan) {
  return usage_plan_to_json(plan);
}
std::string usage_text(const v1::Usage& usage) { return usage_to_json(usage); }

PageRequest page_of(std::string_view position, int32_t limit) {
  return {std::string(position), limit};
}

// The JSON of a page. `write(item, &json)` writes an item.
template <class T, class Write>
std::string page_text(const Page<T>& page, Write write) {
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (const T& item : page.items) write(item, &json);
  json.end_array();
  if (!page.position.empty()) {
    json.key("position");
    json.string(page.position);
  }
  json.end_object();
  return std::move(json).text();
}

}  // namespace
}  // namespace weir::c_api

using namespace weir;         // NOLINT: the functions below are C functions
using namespace weir::c_api;  // NOLINT

weir_code weir_intern_route(weir_enforcer* enforcer, const char* api_id,
                            size_t api_id_size, const char* stage,
                            size_t stage_size, const char* method_key,
                            size_t method_key_size, weir_route* route,
                            weir_text* answer) {
  static_assert(sizeof(*route) == sizeof(Route));
  const auto interned = enforcer_of(enforcer).intern_route(
      view(api_id, api_id_size), view(stage, stage_size),
      view(method_key, method_key_size));
  const Route value = interned.ok() ? *interned : Route();
  std::memcpy(route, &value, sizeof(*route));
  return finish(interned.status(), answer);
}

weir_code weir_create_usage_plan(weir_enforcer* enforcer, const char* json,
                                 size_t json_size, weir_text* answer) {
  const auto plan = usage_plan_from_json(view(json, json_size));
  if (!plan.ok()) return finish(plan.status(), answer);
  return finish(enforcer_of(enforcer).create_usage_plan(*plan), answer,
                plan_text);
}

weir_code weir_get_usage_plan(const weir_enforcer* enforcer,
                              const char* plan_id, size_t plan_id_size,
                              weir_text* answer) {
  return finish(
      enforcer_of(enforcer).get_usage_plan(view(plan_id, plan_id_size)), answer,
      plan_text);
}

weir_code weir_apply_patch(weir_enforcer* enforcer, const char* plan_id,
                           size_t plan_id_size, const char* json,
                           size_t json_size, weir_text* answer) {
  const auto operations = patch_operations_from_json(view(json, json_size));
  if (!operations.ok()) return finish(operations.status(), answer);
  return finish(enforcer_of(enforcer).apply_patch(view(plan_id, plan_id_size),
                                                  *operations),
                answer, plan_text);
}

weir_code weir_delete_usage_plan(weir_enforcer* enforcer, const char* plan_id,
                                 size_t plan_id_size, weir_text* answer) {
  return finish(
      enforcer_of(enforcer).delete_usage_plan(view(plan_id, plan_id_size)),
      answer);
}

weir_code weir_share_usage_plan(weir_enforcer* enforcer, const char* plan_id,
                                size_t plan_id_size, weir_text* answer) {
  return finish(
      enforcer_of(enforcer).share_usage_plan(view(plan_id, plan_id_size)),
      answer);
}

weir_code weir_unshare_usage_plan(weir_enforcer* enforcer, const char* plan_id,
                                  size_t plan_id_size, weir_text* answer) {
  return finish(
      enforcer_of(enforcer).unshare_usage_plan(view(plan_id, plan_id_size)),
      answer);
}

weir_code weir_list_usage_plans(const weir_enforcer* enforcer,
                                const char* key_id, size_t key_id_size,
                                const char* position, size_t position_size,
                                int32_t limit, weir_text* answer) {
  return finish(enforcer_of(enforcer).list_usage_plans(
                    page_of(view(position, position_size), limit),
                    view(key_id, key_id_size)),
                answer, [](const Page<v1::UsagePlan>& page) {
                  return page_text(
                      page, [](const v1::UsagePlan& plan, JsonWriter* json) {
                        write_usage_plan(plan, TagsMember::kIfAny, json);
                      });
                });
}

weir_code weir_create_api_key(weir_enforcer* enforcer, const char* json,
                              size_t json_size, weir_text* answer) {
  const auto key = api_key_from_json(view(json, json_size));
  if (!key.ok()) return finish(key.status(), answer);
  return finish(enforcer_of(enforcer).create_api_key(*key), answer,
                [](const v1::ApiKey& created) {
                  return api_key_to_json(created, /*include_value=*/true);
                });
}

weir_code weir_get_api_key(const weir_enforcer* enforcer, const char* key_id,
                           size_t key_id_size, int32_t include_value,
                           weir_text* answer) {
  return finish(enforcer_of(enforcer).get_api_key(view(key_id, key_id_size),
                                                  include_value != 0),
                answer, [&](const v1::ApiKey& key) {
                  return api_key_to_json(key, include_value != 0);
                });
}

weir_code weir_update_api_key(weir_enforcer* enforcer, const char* key_id,
                              size_t key_id_size, const char* json,
                              size_t json_size, weir_text* answer) {
  const auto operations = patch_operations_from_json(view(json, json_size));
  if (!operations.ok()) return finish(operations.status(), answer);
  return finish(enforcer_of(enforcer).update_api_key(view(key_id, key_id_size),
                                                     *operations),
                answer, [](const v1::ApiKey& key) {
                  return api_key_to_json(key, /*include_value=*/false);
                });
}

weir_code weir_delete_api_key(weir_enforcer* enforcer, const char* key_id,
                              size_t key_id_size, weir_text* answer) {
  return finish(enforcer_of(enforcer).delete_api_key(view(key_id, key_id_size)),
                answer);
}

weir_code weir_list_api_keys(const weir_enforcer* enforcer,
                             int32_t include_values, const char* position,
                             size_t position_size, int32_t limit,
                             weir_text* answer) {
  return finish(
      enforcer_of(enforcer).list_api_keys(
          page_of(view(position, position_size), limit), include_values != 0),
      answer, [&](const Page<v1::ApiKey>& page) {
        return page_text(page, [&](const v1::ApiKey& key, JsonWriter* json) {
          write_api_key(key, include_values != 0, TagsMember::kIfAny, json);
        });
      });
}

weir_code weir_import_api_keys(weir_enforcer* enforcer, const char* json,
                               size_t json_size, const char* plan_id,
                               size_t plan_id_size, weir_text* answer) {
  const auto keys = api_keys_from_json(view(json, json_size));
  if (!keys.ok()) return finish(keys.status(), answer);
  return finish(
      enforcer_of(enforcer).import_api_keys(*keys, view(plan_id, plan_id_size)),
      answer, [](const std::vector<std::string>& ids) {
        JsonWriter json(JsonStyle::kCompact);
        json.begin_array();
        for (const std::string& id : ids) json.string(id);
        json.end_array();
        return std::move(json).text();
      });
}

weir_code weir_create_usage_plan_key(weir_enforcer* enforcer,
                                     const char* plan_id, size_t plan_id_size,
                                     const char* key_id, size_t key_id_size,
                                     weir_text* answer) {
  return finish(enforcer_of(enforcer)
                    .create_usage_plan_key(view(plan_id, plan_id_size),
                                           view(key_id, key_id_size))
                    .status(),
                answer);
}

weir_code weir_delete_usage_plan_key(weir_enforcer* enforcer,
                                     const char* plan_id, size_t plan_id_size,
                                     const char* key_id, size_t key_id_size,
                                     weir_text* answer) {
  return finish(enforcer_of(enforcer).delete_usage_plan_key(
                    view(plan_id, plan_id_size), view(key_id, key_id_size)),
                answer);
}

weir_code weir_get_usage(const weir_enforcer* enforcer, const char* plan_id,
                         size_t plan_id_size, const char* key_id,
                         size_t key_id_size, const char* start_date,
                         size_t start_date_size, const char* end_date,
                         size_t end_date_size, const char* position,
                         size_t position_size, int32_t limit,
                         weir_text* answer) {
  UsageRequest request;
  request.usage_plan_id = view(plan_id, plan_id_size);
  request.key_id = view(key_id, key_id_size);
  request.start_date = view(start_date, start_date_size);
  request.end_date = view(end_date, end_date_size);
  request.page = page_of(view(position, position_size), limit);
  return finish(enforcer_of(enforcer).get_usage(request), answer, usage_text);
}

weir_code weir_update_usage(weir_enforcer* enforcer, const char* plan_id,
                            size_t plan_id_size, const char* key_id,
                            size_t key_id_size, const char* json,
                            size_t json_size, weir_text* answer) {
  const auto operations = patch_operations_from_json(view(json, json_size));
  if (!operations.ok()) return finish(operations.status(), answer);
  return finish(
      enforcer_of(enforcer).update_usage(
          view(plan_id, plan_id_size), view(key_id, key_id_size), *operations),
      answer, usage_text);
}
