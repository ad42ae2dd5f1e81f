#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "weir/base/text.h"
#include "weir/cli/replay/log/log_time.h"
#include "weir/cli/replay/log/request_line.h"
#include "weir/cli/replay/log/scan.h"
#include "weir/cli/replay/log/text_splitters.h"

namespace weir::cli {
namespace {

// Sets the next `count` fields from `*field` on, each ending at a blank.
void set_plain(std::size_t count, std::size_t* field, std::string_view* rest,
               SplitRecord* record) {
  for (; count > 0; --count, ++*field) {
    if (!rest->empty()) record->fields[*field] = take_field(rest);
  }
}

// The same for quoted fields. Nothing is read after one that is truncated.
void set_quoted(std::size_t count, std::size_t* field, std::string_view* rest,
                SplitRecord* record) {
  for (; count > 0; --count, ++*field) {
    if (const auto text = take_quoted(rest)) {
      record->fields[*field] = *text;
    } else {
      *rest = {};
    }
  }
}

// Sets method, target and version as three fields.
const char* set_request(std::string_view line, std::size_t* field,
                        SplitRecord* record) {
  const char* reason = nullptr;
  const std::string_view version =
      split_request_line(line, &record->entry, &reason);
  record->fields[(*field)++] = record->entry.method;
  record->fields[(*field)++] = record->entry.target;
  record->fields[(*field)++] = version;
  return reason;
}

// "192.0.2.1:80" and "[2001:db8::1]:80" without the port.
std::string_view without_port(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  return colon == address.npos || !is_number(address.substr(colon + 1))
             ? address
             : address.substr(0, colon);
}

// Envoy writes "-" for a time that it does not know.
bool is_missing_or_milliseconds(std::string_view text) {
  return text.empty() || text == "-" || is_number(text);
}

// Takes the text before `end`, and removes `end`; nullopt if it is not found.
std::optional<std::string_view> take_up_to(std::string_view end,
                                           std::string_view* rest) {
  const std::size_t at = rest->find(end);
  if (at == rest->npos) return std::nullopt;
  const std::string_view text = rest->substr(0, at);
  rest->remove_prefix(at + end.size());
  return text;
}

// Takes the quoted field at the end, in which nothing is escaped: its quotes
// are the last two. nullopt if there is none.
std::optional<std::string_view> take_last_quoted(std::string_view* rest) {
  if (rest->size() < 2 || rest->back() != '"') return std::nullopt;
  const std::size_t open = rest->substr(0, rest->size() - 1).rfind('"');
  if (open == rest->npos) return std::nullopt;
  const std::string_view text = rest->substr(open + 1, rest->size() - open - 2);
  *rest = rest->substr(0, open);
  while (!rest->empty() && rest->back() == ' ') rest->remove_suffix(1);
  return text;
}

}  // namespace

// Envoy escapes nothing. A path contains no blanks, so the version is the text
// after the second one. Of the quoted fields, clients can forge the first one
// anyway; the last three are Envoy's own except for their quotes; the agent is
// what lies between.
const char* split_envoy(std::string_view line, SplitRecord* record) {
  enum : std::size_t { kTime, kMethod, kStatus = 4, kForwardedFor = 10 };
  const char* const no_envoy =
      "expected [time] \"METHOD path version\" status flags and five numbers";
  if (line.empty() || line.front() != '[') return no_envoy;
  line.remove_prefix(1);
  const auto time = take_up_to("] \"", &line);
  const auto unix_ns = time ? parse_log_time(*time) : std::nullopt;
  if (!unix_ns) return "expected a time such as [2015-05-17T10:05:03.250Z]";
  record->entry.unix_ns = *unix_ns;
  record->fields[kTime] = *time;

  const auto method = take_up_to(" ", &line);
  const auto target = take_up_to(" ", &line);
  const auto version = take_up_to("\" ", &line);
  if (!version || !is_method(*method) || target->empty()) {
    return "the request line has no method, path and version";
  }
  record->entry.method = record->fields[kMethod] = *method;
  record->entry.target = record->fields[kMethod + 1] = *target;
  record->fields[kMethod + 2] = *version;
  std::size_t field = kStatus;
  set_plain(2, &field, &line, record);
  if (!line.empty() && !absl::ascii_isdigit(line.front())) {
    // Istio's default format: details of the response and of the connection's
    // termination, and the upstream's failure in quotes.
    take_field(&line);
    take_field(&line);
    if (!line.empty()) line.remove_prefix(1);
    take_up_to("\" ", &line);
  }
  set_plain(4, &field, &line, record);
  if (!is_number(record->fields[kStatus]) ||
      !is_number(record->fields[kStatus + 2]) ||
      !is_number(record->fields[kStatus + 3]) ||
      !is_missing_or_milliseconds(record->fields[kStatus + 4]) ||
      !is_missing_or_milliseconds(record->fields[kStatus + 5])) {
    return no_envoy;
  }
  if (!record->rest_wanted) return nullptr;

  if (line.empty() || line.front() != '"') return nullptr;
  line.remove_prefix(1);
  const auto forwarded_for = take_up_to("\" \"", &line);
  if (!forwarded_for) return nullptr;
  record->fields[kForwardedFor] = *forwarded_for;
  // Of a truncated line, none of the others is known.
  std::array<std::string_view, 3> last;
  for (std::size_t i = last.size(); i > 0; --i) {
    const auto text = take_last_quoted(&line);
    if (!text) return nullptr;
    last[i - 1] = *text;
  }
  if (line.empty() || line.back() != '"') return nullptr;
  line.remove_suffix(1);
  record->fields[kForwardedFor + 1] = line;
  std::copy(last.begin(), last.end(), &record->fields[kForwardedFor + 2]);
  return nullptr;
}

const char* split_alb(std::string_view line, SplitRecord* record) {
  enum : std::size_t { kType, kTime, kElb, kClient, kStatus = 8, kMethod = 12 };
  constexpr std::int64_t kDay = std::int64_t{86400} * 1'000'000'000;
  // Classic Load Balancers do not write a type.
  const std::string_view first = line.substr(0, line.find_first_of(kBlanks));
  std::size_t field = parse_rfc3339(first) ? kTime : kType;
  set_plain(kMethod - field, &field, &line, record);
  record->fields[kClient] = without_port(record->fields[kClient]);
  const auto time = parse_rfc3339(record->fields[kTime]);
  if (!time) {
    return "expected a type, a time such as 2015-05-17T10:05:03.250000Z, a "
           "load balancer, and client:port";
  }
  const auto request = take_quoted(&line);
  if (!request || record->fields[kClient].empty()) {
    return "expected a request line in quotes as the 13th field";
  }
  if (const char* reason = set_request(*request, &field, record)) return reason;
  record->entry.target = without_origin(record->entry.target);
  record->entry.unix_ns = *time;

  // The time is that of the response; the request's is the 22nd field.
  set_quoted(1, &field, &line, record);  // agent
  set_plain(3, &field, &line, record);   // cipher, protocol, target group
  set_quoted(3, &field, &line, record);  // trace, domain, certificate
  set_plain(2, &field, &line, record);   // rule, creation time
  const std::string_view created = record->fields[field - 1];
  const auto arrival = parse_rfc3339(created);
  // Text from the client precedes it, so its value is checked.
  if (arrival && *arrival <= *time && *time - *arrival < kDay) {
    record->entry.unix_ns = *arrival;
  }
  set_quoted(3, &field, &line, record);  // actions, redirect, error
  return nullptr;
}

const char* split_haproxy(std::string_view line, SplitRecord* record) {
  enum : std::size_t { kHost, kTime, kFrontend, kStatus = 5, kCaptured = 7 };
  // Syslog's prefix, if there is one, ends before the address.
  const std::size_t bracket = line.find(" [");
  const std::size_t close = line.find("] ", std::min(bracket, line.size()));
  if (close == line.npos) return "expected host:port and a time in brackets";
  std::string_view address = line.substr(0, bracket);
  address.remove_prefix(address.find_last_of(kBlanks) + 1);
  record->fields[kHost] = without_port(address);
  record->fields[kTime] = line.substr(bracket + 2, close - bracket - 2);
  const auto time = parse_log_time(record->fields[kTime]);
  if (!time) return "expected a time such as [17/May/2015:10:05:03.250]";
  record->entry.unix_ns = *time;
  line.remove_prefix(close + 2);

  std::size_t field = kFrontend;
  set_plain(5, &field, &line,
            record);  // frontend, server, timers, status, size
  if (record->fields[kHost].size() == address.size() ||
      !is_number(record->fields[kStatus + 1])) {
    return "expected host:port, a time, a frontend, backend/server, timers, a "
           "status and a size";
  }
  const std::size_t quote = line.find('"');
  const std::size_t end = line.rfind('"');
  if (quote == line.npos) return "expected a request line in quotes at the end";
  std::string_view captured = line.substr(0, quote);
  captured.remove_prefix(std::min(captured.find('{'), captured.size()));
  const std::size_t captured_end = captured.rfind('}');
  if (captured_end != captured.npos) {
    record->fields[kCaptured] = captured.substr(1, captured_end - 1);
  }
  // A truncated request line has no quote at its end.
  const std::string_view request =
      line.substr(quote + 1, end == quote ? line.npos : end - quote - 1);
  field = kCaptured + 1;
  return set_request(request, &field, record);
}

const char* split_weir(std::string_view line, SplitRecord* record) {
  LogEntry& entry = record->entry;
  const std::string_view time_text = take_field(&line);
  auto time = parse_rfc3339(time_text);
  if (!time) time = parse_unix_seconds(time_text);
  if (!time) {
    return "expected a time (RFC 3339 or Unix seconds, 1970 to 2089) first";
  }
  entry.unix_ns = *time;
  const std::string_view key = take_field(&line);
  if (key.empty()) return "expected a key after the time";

  entry.stage = take_field(&line);
  const std::size_t colon = entry.stage.find(':');
  if (colon == entry.stage.npos || colon == 0 ||
      colon + 1 == entry.stage.size()) {
    return "expected apiId:stage after the key";
  }
  const std::string_view method_key = take_field(&line);
  const std::size_t slash = method_key.rfind('/');
  if (slash == method_key.npos || method_key.front() != '/' ||
      !is_method(method_key.substr(slash + 1))) {
    return "expected /path/METHOD after the stage";
  }
  entry.target = slash == 0 ? "/" : method_key.substr(0, slash);
  entry.method = method_key.substr(slash + 1);

  const std::string_view cost = take_field(&line);
  if (!cost.empty() &&
      (!is_number(cost) ||
       !absl::SimpleAtoi(internal::to_absl(cost), &entry.cost))) {
    return "expected a cost from 0 to 4294967295";
  }
  if (!line.empty()) return "there is text after the cost";
  record->fields[0] = time_text;
  record->fields[1] = key;
  record->fields[2] = entry.stage;
  record->fields[3] = entry.target;
  record->fields[4] = entry.method;
  record->fields[5] = cost.empty() ? "1" : cost;
  return nullptr;
}

}  // namespace weir::cli
