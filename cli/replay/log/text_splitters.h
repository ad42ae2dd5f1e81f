// Functions that split the records of text formats, one for each format.

#ifndef WEIR_CLI_REPLAY_LOG_TEXT_SPLITTERS_H_
#define WEIR_CLI_REPLAY_LOG_TEXT_SPLITTERS_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "weir/cli/replay/log/log_entry.h"

namespace weir::cli {

inline constexpr std::size_t kMaxTextFields = 32;

// A split record. A field that is missing from a truncated record has a null
// data(); "" is an empty field.
struct SplitRecord {
  LogEntry entry;  // everything except the key
  std::array<std::string_view, kMaxTextFields> fields;
  // Whether fields after the size are needed: a record that was truncated after
  // it still describes a request.
  bool rest_wanted = false;
};

// Fills in `record`, whose fields have a null data(). Returns the error, or
// null.
using Splitter = const char* (*)(std::string_view line, SplitRecord* record);

// -- The family of the Common Log Format --
//
// All write `who [time] "METHOD target HTTP/1.1" status size`, and possibly
// more. `who` and the text after the size come in part from clients: a user
// name may contain blanks, brackets, quotes or a whole request. So the request
// is searched from the right: it is the last
//
//     [time] "METHOD target ...  " status size
//
// of the line whose quotes have no backslash before them, and everything before
// its bracket is `who`. Apache and nginx write every quote that a client has
// sent as \" or \x22, so there is no other match; where a user name is written
// unescaped, nothing in it can pass for the request.

// host ident user [time] "request" status size "referer" "agent"
const char* split_common(std::string_view line, SplitRecord* record);
// host:port host ident user ...
const char* split_vhost(std::string_view line, SplitRecord* record);
// host - user ... size "referer" "agent" count "router" "service" 12ms
const char* split_traefik(std::string_view line, SplitRecord* record);
// ip caller user [time]"METHOD /resource HTTP/1.1" status length ids
const char* split_api_gateway(std::string_view line, SplitRecord* record);

// The fields that the splitters above number alike.
enum ClfField : std::size_t {
  kClfHost,
  kClfIdent,
  kClfUser,
  kClfTime,
  kClfMethod,
  kClfPath,
  kClfProtocol,
  kClfStatus,
  kClfSize,
  kClfRest,  // further fields, depending on the format
  kClfReferer = kClfRest,
  kClfAgent,
  kClfVhost,  // of split_vhost()
  kClfCount = kClfVhost,
  kClfRouter,
  kClfService,
  kClfDuration,
};

// -- Others --

// [time] "METHOD path HTTP/2" status flags received sent duration upstream
// "forwarded for" "agent" "request id" "authority" "upstream host"
const char* split_envoy(std::string_view line, SplitRecord* record);
// type time elb client:port target:port ... "METHOD http://host:80/ HTTP/1.1"
// ...
const char* split_alb(std::string_view line, SplitRecord* record);
// host:port [time] frontend backend/server 0/0/0/1/1 200 202 ... "request"
const char* split_haproxy(std::string_view line, SplitRecord* record);
// time key apiId:stage /path/METHOD cost
const char* split_weir(std::string_view line, SplitRecord* record);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_TEXT_SPLITTERS_H_
