#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>

#include "weir/cli/replay/log/log_time.h"
#include "weir/cli/replay/log/request_line.h"
#include "weir/cli/replay/log/scan.h"
#include "weir/cli/replay/log/text_splitters.h"

namespace weir::cli {
namespace {

// The maximum length of a time in brackets.
constexpr std::size_t kMaxTimeBytes = 64;

// A line, split around its request.
struct ClfLine {
  std::string_view who;      // the text before the time, without one blank
  std::string_view time;     // without its brackets
  std::string_view request;  // without its quotes
  std::string_view status;
  std::string_view size;
  std::string_view rest;
  std::int64_t unix_ns = 0;
};

std::size_t find_last(std::string_view text, char c) {
  const void* const found = memrchr(text.data(), c, text.size());
  return found == nullptr ? text.npos
                          : static_cast<std::size_t>(
                                static_cast<const char*>(found) - text.data());
}

bool is_status(std::string_view text) {
  return text.size() == 3 && is_number(text);
}

bool is_size(std::string_view text) { return text == "-" || is_number(text); }

constexpr const char* kNoWho =
    "expected host, ident, user and a time in brackets";
constexpr const char* kNoTime =
    "expected a time such as [17/May/2015:10:05:03 +0000], 1970 to 2089";
constexpr const char* kNoRequest = "expected a request line in quotes";
constexpr const char* kNoStatus =
    "expected a status and a size after the request line";

// Reads the request whose time ends with the bracket at `close`. Returns the
// error, or null.
const char* read_request_at(std::string_view line, std::size_t close,
                            ClfLine* clf) {
  clf->rest = line.substr(close + 1);
  skip_blanks(&clf->rest);
  if (clf->rest.empty() || clf->rest.front() != '"') return kNoRequest;

  const std::size_t window = close - std::min(close, kMaxTimeBytes);
  const std::size_t open = find_last(line.substr(window, close - window), '[');
  if (open == line.npos) return kNoTime;
  clf->who = line.substr(0, window + open);
  clf->time = line.substr(window + open + 1, close - window - open - 1);
  const auto time = parse_log_time(clf->time);
  if (!time) return kNoTime;
  clf->unix_ns = *time;

  // Text that begins with a blank is between two quoted fields.
  const auto request = take_quoted(&clf->rest);
  if (!request || (!request->empty() && request->front() == ' ')) {
    return kNoRequest;
  }
  clf->request = *request;
  clf->status = take_field(&clf->rest);
  clf->size = take_field(&clf->rest);
  return is_size(clf->status) && is_size(clf->size) ? nullptr : kNoStatus;
}

// Finds the last request of the line: see the header. Takes time linear in the
// line's length, for any content. Returns the error of the last bracket that
// looks like a request's, or null.
const char* find_request(std::string_view line, ClfLine* clf) {
  const char* reason = kNoWho;
  std::string_view before = line;
  for (std::size_t close; (close = find_last(before, ']')) != line.npos;) {
    before = line.substr(0, close);
    const char* const wrong = read_request_at(line, close, clf);
    if (wrong == nullptr) return nullptr;
    if (reason == kNoWho || reason == kNoRequest) reason = wrong;
  }
  return reason;
}

// Splits `who` into host, ident and user, which may contain anything.
bool split_who(std::string_view who, SplitRecord* record) {
  if (!who.empty() && kBlanks.find(who.back()) != kBlanks.npos) {
    who.remove_suffix(1);
  }
  record->fields[kClfHost] = take_field(&who);
  const std::size_t ident_end = who.find_first_of(kBlanks);
  if (record->fields[kClfHost].empty() || ident_end == who.npos) return false;
  record->fields[kClfIdent] = take_field(&who);
  record->fields[kClfUser] = who;
  return true;
}

// Sets the fields that all the formats have in common, except `who`.
const char* set_request(const ClfLine& clf, SplitRecord* record) {
  const char* reason = nullptr;
  record->entry.unix_ns = clf.unix_ns;
  record->fields[kClfProtocol] =
      split_request_line(clf.request, &record->entry, &reason);
  record->fields[kClfTime] = clf.time;
  record->fields[kClfMethod] = record->entry.method;
  record->fields[kClfPath] = record->entry.target;
  record->fields[kClfStatus] = clf.status;
  record->fields[kClfSize] = clf.size;
  return reason;
}

// Sets a quoted field, if the line continues with one. Nothing is read after
// one that is truncated.
void set_quoted(std::size_t field, std::string_view* rest,
                SplitRecord* record) {
  if (const auto text = take_quoted(rest)) {
    record->fields[field] = *text;
  } else {
    *rest = {};
  }
}

void set_plain(std::size_t field, std::string_view* rest, SplitRecord* record) {
  if (!rest->empty()) record->fields[field] = take_field(rest);
}

}  // namespace

const char* split_common(std::string_view line, SplitRecord* record) {
  ClfLine clf;
  if (const char* reason = find_request(line, &clf)) return reason;
  if (!split_who(clf.who, record)) return kNoWho;
  if (const char* reason = set_request(clf, record)) return reason;
  // (Traefik writes "-" or 0 for requests that no service answered.)
  if (!is_status(clf.status)) return kNoStatus;
  if (record->rest_wanted) {
    set_quoted(kClfReferer, &clf.rest, record);
    set_quoted(kClfAgent, &clf.rest, record);
  }
  return nullptr;
}

const char* split_vhost(std::string_view line, SplitRecord* record) {
  record->fields[kClfVhost] = take_field(&line);
  return split_common(line, record);
}

const char* split_traefik(std::string_view line, SplitRecord* record) {
  constexpr std::string_view kIdent = " - ";
  ClfLine clf;
  if (const char* reason = find_request(line, &clf)) return reason;
  // The host may be a list of addresses separated by blanks.
  const std::size_t ident = clf.who.find(kIdent);
  if (ident == clf.who.npos || ident == 0) {
    return "expected host, \"-\", user and a time in brackets";
  }
  record->fields[kClfHost] = clf.who.substr(0, ident);
  record->fields[kClfIdent] = clf.who.substr(ident + 1, 1);
  std::string_view user = clf.who.substr(ident + kIdent.size());
  if (!user.empty()) user.remove_suffix(1);
  record->fields[kClfUser] = user;
  if (const char* reason = set_request(clf, record)) return reason;
  if (record->rest_wanted) {
    set_quoted(kClfReferer, &clf.rest, record);
    set_quoted(kClfAgent, &clf.rest, record);
    set_plain(kClfCount, &clf.rest, record);
    set_quoted(kClfRouter, &clf.rest, record);
    set_quoted(kClfService, &clf.rest, record);
    set_plain(kClfDuration, &clf.rest, record);
  }
  return nullptr;
}

const char* split_api_gateway(std::string_view line, SplitRecord* record) {
  ClfLine clf;
  if (const char* reason = find_request(line, &clf)) return reason;
  if (!split_who(clf.who, record)) {
    return "expected ip, caller, user and a time in brackets";
  }
  LogEntry& entry = record->entry;
  entry.unix_ns = clf.unix_ns;
  std::string_view request = clf.request;
  record->fields[kClfTime] = clf.time;
  record->fields[kClfMethod] = entry.method = take_field(&request);
  const std::size_t version = request.rfind(' ');
  record->fields[kClfPath] = request.substr(0, version);
  if (version != request.npos) {
    record->fields[kClfProtocol] = request.substr(version + 1);
  }
  record->fields[kClfStatus] = clf.status;
  record->fields[kClfSize] = clf.size;
  if (!is_method(entry.method) ||
      !set_resource(record->fields[kClfPath], &entry)) {
    return "the request line has no method and resource path or route key";
  }
  if (record->rest_wanted) {
    set_plain(kClfRest, &clf.rest, record);
    set_plain(kClfRest + 1, &clf.rest, record);
  }
  return nullptr;
}

}  // namespace weir::cli
