// The functions that each request calls, and those that describe a decision.

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/base/optimization.h"
#include "absl/types/span.h"
#include "weir/c_api/enforcer.h"
#include "weir/c_api/structs.h"
#include "weir/c_api/text.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/http_response.h"
#include "weir/enforcer/route.h"
#include "weir/quota/calendar.h"
#include "weir/weir.h"

namespace weir::c_api {
namespace {

// Converts handles and routes, which are values, to and from their bytes in C.
template <class To, class From>
To bits_as(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  static_assert(std::is_trivially_copyable_v<From> &&
                std::is_trivially_copyable_v<To>);
  To to;
  std::memcpy(static_cast<void*>(&to), &from, sizeof(to));
  return to;
}

static_assert(static_cast<int>(Outcome::kAdmitted) == 0 &&
              static_cast<int>(Outcome::kForbidden) == 3);
static_assert(WEIR_ADMITTED == 1 && WEIR_THROTTLED == 2 &&
              WEIR_QUOTA_EXCEEDED == 3 && WEIR_FORBIDDEN == 0);
uint8_t code_of(Outcome outcome) {
  return (static_cast<uint8_t>(outcome) + 1) & 3;
}
Outcome outcome_of(uint8_t code) {
  return static_cast<Outcome>((code - 1) & 3);
}

static_assert(static_cast<int>(Forbidden::kNoPlan) == WEIR_NO_PLAN);
static_assert(static_cast<int>(Limit::kSharedMethodThrottle) ==
              WEIR_SHARED_METHOD_THROTTLE);

inline void set(const Decision& from, weir_decision& to) {
  to.outcome = code_of(from.outcome);
  to.forbidden = static_cast<uint8_t>(from.forbidden);
  to.limit = static_cast<uint8_t>(from.limit);
  std::fill(std::begin(to.reserved), std::end(to.reserved), 0);
  to.retry_after_ns = from.retry_after_ns;
  to.made_at_unix_ns = from.made_at_unix_ns;
  to.burst = from.burst;
  to.burst_window_seconds = from.burst_window_seconds;
  to.quota_limit = from.quota_limit;
  to.quota_remaining = from.quota_remaining;
  to.units_remaining = from.units_remaining;
  to.units_per_token = from.units_per_token;
  to.day = from.day;
  to.calendar = from.calendar.id();
}

inline int32_t give(const Decision& decision, weir_decision* given) {
  if (given != nullptr) {
    if (ABSL_PREDICT_TRUE(given->size >= sizeof(weir_decision))) {
      set(decision, *given);
    } else {
      weir_decision whole = {};
      set(decision, whole);
      write_struct(whole, given);
    }
  }
  return code_of(decision.outcome);
}

Decision decision_of(const weir_decision* given) {
  const weir_decision from = read_struct(given);
  Decision to;
  to.outcome = outcome_of(from.outcome);
  to.forbidden = static_cast<Forbidden>(from.forbidden);
  to.limit = static_cast<Limit>(from.limit);
  to.retry_after_ns = from.retry_after_ns;
  to.made_at_unix_ns = from.made_at_unix_ns;
  to.burst = from.burst;
  to.burst_window_seconds = from.burst_window_seconds;
  to.quota_limit = from.quota_limit;
  to.quota_remaining = from.quota_remaining;
  to.units_remaining = from.units_remaining;
  to.units_per_token = from.units_per_token;
  to.day = std::clamp<Day>(from.day, 0, kLastDay);
  if (0 <= from.calendar && from.calendar < QuotaCalendar::kIds) {
    to.calendar = QuotaCalendar::from_id(from.calendar);
  }
  return to;
}

Call call_of(const weir_call& from) {
  Call to;
  to.api_key = view(from.api_key, from.api_key_size);
  to.route = bits_as<Route>(from.route);
  to.cost = from.cost;
  if (from.now.monotonic != 0 || from.now.unix_time != 0) {
    to.now = Instant{from.now.monotonic, from.now.unix_time};
  }
  to.client = bits_as<ClientHandle>(from.client);
  return to;
}

}  // namespace
}  // namespace weir::c_api

using namespace weir;         // NOLINT: the functions below are C's
using namespace weir::c_api;  // NOLINT

int32_t weir_admit(weir_enforcer* enforcer, const char* api_key,
                   size_t api_key_size, weir_route route, uint32_t cost,
                   weir_decision* decision) {
  return give(enforcer_of(enforcer).admit({view(api_key, api_key_size),
                                           bits_as<Route>(route), cost,
                                           std::nullopt, ClientHandle()}),
              decision);
}

int32_t weir_admit_call(weir_enforcer* enforcer, const weir_call* call,
                        weir_decision* decision) {
  return give(enforcer_of(enforcer).admit(call_of(read_struct(call))),
              decision);
}

size_t weir_admit_batch(weir_enforcer* enforcer, const weir_call* calls,
                        weir_decision* decisions, size_t count) {
  constexpr size_t kGroup = 32;
  std::array<Call, kGroup> group;
  std::array<Decision, kGroup> decided;
  size_t admitted = 0;
  for (size_t begin = 0; begin < count; begin += kGroup) {
    const size_t size = std::min(kGroup, count - begin);
    for (size_t i = 0; i < size; ++i) {
      // The size is that of the first call: the others need not set it.
      weir_call call = {};
      std::memcpy(&call, element(calls, begin + i),
                  std::min(calls->size, sizeof(call)));
      group[i] = call_of(call);
    }
    enforcer_of(enforcer).admit(absl::MakeConstSpan(group.data(), size),
                                absl::MakeSpan(decided.data(), size));
    for (size_t i = 0; i < size; ++i) {
      admitted += decided[i].admitted() ? 1 : 0;
      if (decisions == nullptr) continue;
      weir_decision* const given = element(decisions, begin + i);
      given->size = decisions->size;
      give(decided[i], given);
    }
  }
  return admitted;
}

weir_client weir_resolve(const weir_enforcer* enforcer, const char* api_key,
                         size_t api_key_size) {
  return bits_as<weir_client>(
      enforcer_of(enforcer).resolve(view(api_key, api_key_size)));
}

weir_code weir_api_key_id(const weir_enforcer* enforcer,
                          const weir_client* client, weir_text* answer) {
  return finish(
      enforcer_of(enforcer).api_key_id(bits_as<ClientHandle>(*client)), answer,
      [](const std::string& id) { return id; });
}

int64_t weir_tokens_remaining(const weir_decision* decision) {
  return decision_of(decision).tokens_remaining();
}

int64_t weir_period_reset_unix_ns(const weir_decision* decision) {
  const Decision it = decision_of(decision);
  return it.calendar.is_none() ? WEIR_NEVER
                               : start_of(it.calendar.period_end(it.day));
}

int64_t weir_period_seconds(const weir_decision* decision) {
  return decision_of(decision).period_seconds();
}

int32_t weir_http_status(const weir_decision* decision, const char** body,
                         const char** error_type) {
  const HttpAnswer answer = http_answer(decision_of(decision));
  // The views are of literals, or empty.
  const auto text = [](std::string_view view) {
    return view.empty() ? "" : view.data();
  };
  if (body != nullptr) *body = text(answer.body);
  if (error_type != nullptr) *error_type = text(answer.error_type);
  return answer.status;
}

size_t weir_rate_limit_headers(const weir_decision* decision, int32_t format,
                               int64_t max_retry_after, char* buffer,
                               size_t buffer_size) {
  if (buffer == nullptr || buffer_size == 0) return 0;
  RateLimitHeaderOptions options;
  if (format < WEIR_HEADERS_OFF || format > WEIR_HEADERS_IETF_DRAFT_11) {
    format = WEIR_HEADERS_OFF;
  }
  options.format = static_cast<HeaderFormat>(format);
  if (max_retry_after != 0) options.max_retry_after = max_retry_after;
  std::array<char, kMaxRateLimitHeaderBytes> storage;
  std::array<HttpHeader, kMaxRateLimitHeaders> headers;
  const size_t count =
      rate_limit_headers(decision_of(decision), options,
                         absl::MakeSpan(storage), absl::MakeSpan(headers));
  size_t written = 0;
  const auto append = [&](std::string_view text) {
    std::memcpy(buffer + written, text.data(), text.size());
    written += text.size();
  };
  for (size_t i = 0; i < count; ++i) {
    const auto [name, value] = headers[i];
    constexpr size_t kAround = 4;  // ": " and the line end.
    if (name.size() + value.size() + kAround >= buffer_size - written) break;
    append(name);
    append(": ");
    append(value);
    append("\r\n");
  }
  buffer[written] = '\0';
  return written;
}

void weir_maintain(weir_enforcer* enforcer) {
  enforcer_of(enforcer).maintain();
}
