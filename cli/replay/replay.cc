#include "weir/cli/replay/replay.h"

#include <algorithm>
#include <deque>
#include <queue>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/cli/printable.h"
#include "weir/cli/replay/log/log_file.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kProgressEvery = 1 << 14;

std::string first_stage(const v1::UsagePlan& plan) {
  if (plan.api_stages().empty()) return "";
  const v1::ApiStage& stage = plan.api_stages(0);
  return absl::StrCat(stage.api_id(), ":", stage.stage());
}

bool earlier(const Request& a, const Request& b) {
  return a.unix_ns < b.unix_ns;
}

ReplayError error_at(LogPlace place, const absl::Status& status) {
  return {place.log, place.line, std::string(status.message())};
}

// A log that is being read.
struct OpenLog {
  explicit OpenLog(std::istream* bytes) : bytes(*bytes) {}

  std::istream& bytes;
  std::optional<LogFile> file;  // from the first request on, until the end
  std::int64_t last_line = 0;   // line of the previous request
  std::int64_t last_ns = 0;     // time of the previous request
};

// One replay, from the streams to the report.
class Replay {
 public:
  Replay(const v1::UsagePlan& plan, const ReplayOptions& options,
         ReplayReport* report)
      : options_(options),
        report_(report),
        interner_(plan,
                  options.stage.empty() ? first_stage(plan) : options.stage),
        simulation_(plan, options.rules) {}

  std::optional<ReplayError> run(absl::Span<const Log> logs) {
    for (const Log& log : logs) {
      logs_.emplace_back(log.bytes);
      report_->logs.emplace_back().path = log.path;
    }
    std::optional<ReplayError> error =
        options_.sorted ? decide_merged() : decide_sorted();
    if (!error) finish();
    return error;
  }

 private:
  // Reads the next request of a log; sets it to nullopt at the end.
  std::optional<ReplayError> read(std::size_t number,
                                  std::optional<Request>* request) {
    OpenLog& log = logs_[number];
    LogReport& report = report_->logs[number];
    request->reset();
    if (!log.file)
      log.file.emplace(log.bytes, options_.format, options_.fields);
    while (log.file->next()) {
      const LogPlace place = {static_cast<std::uint16_t>(number),
                              log.file->number()};
      const LogLine& line = log.file->line();
      ++report.lines;
      progress("read", ++report_->lines);
      if (line.kind == LogLine::Kind::kNothing) continue;
      if (line.kind == LogLine::Kind::kMalformed) {
        add_malformed(place, line.reason);
        continue;
      }
      ++report.requests;
      const auto interned = interner_.intern(line.entry, place);
      if (!interned.ok()) return error_at(place, interned.status());
      *request = *interned;
      return std::nullopt;
    }
    report.format = log.file->format();
    const absl::Status status = log.file->status();
    log.file.reset();
    return end(number, status);
  }

  // Ends a log of which no more can be read, because of `status`. Returns the
  // error, if it is one.
  std::optional<ReplayError> end(std::size_t number,
                                 const absl::Status& status) {
    LogReport& report = report_->logs[number];
    if (absl::IsDataLoss(status)) {
      report.error = std::string(status.message());
    } else if (!status.ok()) {
      ReplayError error{number, 0, std::string(status.message())};
      error.is_input_error =
          absl::IsNotFound(status) || absl::IsUnavailable(status);
      return error;
    }
    if (report.requests > 0 || report.malformed == 0) return std::nullopt;
    return unreadable(number);
  }

  ReplayError unreadable(std::size_t number) const {
    const LogReport& log = report_->logs[number];
    const auto first = std::find_if(
        report_->malformed_lines.begin(), report_->malformed_lines.end(),
        [&](const MalformedLine& m) { return m.place.log == number; });
    ReplayError error;
    error.log = number;
    if (first != report_->malformed_lines.end()) {
      error.line = first->place.line;
      error.message = absl::StrCat(first->reason, "; ");
    }
    absl::StrAppend(
        &error.message, "none of its ", with_commas(log.lines),
        log.lines == 1 ? " line" : " lines", " can be read",
        options_.format == nullptr
            ? ": --format may be one of "
            : absl::StrCat(" as ", internal::to_absl(options_.format->name),
                           ": leave out --format, or give one of "),
        log_format_names());
    return error;
  }

  // Keeps all requests, and decides them in order.
  std::optional<ReplayError> decide_sorted() {
    std::vector<Request> requests;
    std::optional<Request> request;
    for (std::size_t number = 0; number < logs_.size(); ++number) {
      for (;;) {
        std::optional<ReplayError> error = read(number, &request);
        if (error) return error;
        if (!request) break;
        if (requests.size() == kMaxSortedRequests) {
          return ReplayError{
              number, request->line,
              absl::StrCat("more than ", with_commas(kMaxSortedRequests),
                           " requests: sort the logs and use --sorted")};
        }
        requests.push_back(*request);
      }
    }
    // Stable, so that requests of the same time stay in the order of the logs.
    std::stable_sort(requests.begin(), requests.end(), earlier);
    for (const Request& next : requests) {
      progress("replayed", report_->total.requests());
      std::optional<ReplayError> error = decide(next);
      if (error) return error;
    }
    return std::nullopt;
  }

  // Merges the logs: always decides the earliest of their next requests.
  std::optional<ReplayError> decide_merged() {
    const auto later = [](const Request& a, const Request& b) {
      return a.unix_ns != b.unix_ns ? a.unix_ns > b.unix_ns : a.log > b.log;
    };
    std::priority_queue<Request, std::vector<Request>, decltype(later)> next(
        later);
    const auto push_next_of =
        [&](std::size_t number) -> std::optional<ReplayError> {
      std::optional<Request> request;
      std::optional<ReplayError> error = read(number, &request);
      if (error || !request) return error;
      OpenLog& log = logs_[number];
      if (log.last_line > 0 && request->unix_ns < log.last_ns) {
        return ReplayError{number, request->line,
                           absl::StrCat("earlier than line ", log.last_line,
                                        ": the log is not sorted; leave out "
                                        "--sorted")};
      }
      log.last_line = request->line;
      log.last_ns = request->unix_ns;
      next.push(*request);
      return std::nullopt;
    };
    for (std::size_t number = 0; number < logs_.size(); ++number) {
      std::optional<ReplayError> error = push_next_of(number);
      if (error) return error;
    }
    while (!next.empty()) {
      const Request request = next.top();
      next.pop();
      std::optional<ReplayError> error = decide(request);
      if (!error) error = push_next_of(request.log);
      if (error) return error;
    }
    return std::nullopt;
  }

  std::optional<ReplayError> decide(const Request& request) {
    const Method& method = interner_.methods()[request.method];
    const auto decision = simulation_.decide(request, method);
    if (!decision.ok()) return error_at(request.place(), decision.status());

    if (report_->total.requests() == 0) report_->first_ns = request.unix_ns;
    report_->last_ns = request.unix_ns;
    report_->total.add(decision->outcome);
    report_->timeline.add(request.unix_ns, decision->outcome);
    if (request.key >= report_->keys.size()) {
      report_->keys.resize(request.key + 1);
    }
    KeyReport& key = report_->keys[request.key];
    key.tally.add(decision->outcome);
    if (!decision->admitted() && !key.first_refusal) {
      Forbidden forbidden = Forbidden::kNo;
      if (decision->outcome == Outcome::kForbidden) {
        forbidden = method.forbidden == Forbidden::kNo ? Forbidden::kKey
                                                       : method.forbidden;
      }
      key.first_refusal =
          Refusal{request.unix_ns, decision->limit, forbidden, request.place()};
    }
    return std::nullopt;
  }

  void add_malformed(LogPlace place, std::string_view reason) {
    LogReport& log = report_->logs[place.log];
    ++report_->malformed;
    ++log.malformed;
    // Always keeps the first one of each log: it may explain the whole log.
    if (report_->malformed_lines.size() < ReplayReport::kMaxMalformedListed ||
        log.malformed == 1) {
      report_->malformed_lines.push_back({place, std::string(reason)});
    }
  }

  void finish() {
    for (std::size_t i = 0; i < report_->keys.size(); ++i) {
      const LogKey& key = interner_.keys()[i];
      report_->keys[i].key = key.text;
      report_->keys[i].is_secret = key.is_secret;
      report_->keys[i].is_none = key.is_none;
    }
    std::sort(report_->keys.begin(), report_->keys.end(),
              [](const KeyReport& a, const KeyReport& b) {
                const std::int64_t more =
                    b.tally.requests() - a.tally.requests();
                if (more != 0) return more < 0;
                return std::tie(a.key, a.is_none) < std::tie(b.key, b.is_none);
              });
  }

  void progress(std::string_view phase, std::int64_t done) const {
    if (options_.progress && done % kProgressEvery == 0) {
      options_.progress(phase, done);
    }
  }

  const ReplayOptions& options_;
  ReplayReport* const report_;
  RequestInterner interner_;
  Simulation simulation_;
  std::deque<OpenLog> logs_;
};

}  // namespace

std::optional<ReplayError> replay(absl::Span<const Log> logs,
                                  const v1::UsagePlan& plan,
                                  const ReplayOptions& options,
                                  ReplayReport* report) {
  return Replay(plan, options, report).run(logs);
}

}  // namespace weir::cli
