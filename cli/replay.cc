#include "cli/replay.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/line_reader.h"
#include "cli/printable.h"
#include "cli/request_interner.h"

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

ReplayError error_at(std::int64_t line, const absl::Status& status) {
  return {line, std::string(status.message())};
}

// One replay, from the stream to the report.
class Replay {
 public:
  Replay(const v1::UsagePlan& plan, const ReplayOptions& options,
         ReplayReport* report)
      : options_(options),
        report_(report),
        interner_(plan,
                  options.stage.empty() ? first_stage(plan) : options.stage),
        simulation_(plan, options.rules) {}

  std::optional<ReplayError> run(std::istream& log) {
    std::optional<ReplayError> error = read(log);
    if (!error && !options_.sorted) error = decide_in_order();
    if (!error) finish();
    return error;
  }

 private:
  // Decides each request, or keeps it to be sorted.
  std::optional<ReplayError> read(std::istream& log) {
    LineReader reader(log);
    while (reader.next()) {
      report_->lines = reader.number();
      progress("read", reader.number());
      const LogLine line =
          reader.too_long()
              ? LogLine{LogLine::Kind::kMalformed, {}, "longer than 64 KiB"}
              : parse_log_line(reader.line(), options_.key_field);
      if (line.kind == LogLine::Kind::kNothing) continue;
      if (line.kind == LogLine::Kind::kMalformed) {
        add_malformed(reader.number(), line.reason);
        continue;
      }
      const auto request = interner_.intern(line.entry, reader.number());
      if (!request.ok()) return error_at(reader.number(), request.status());
      if (options_.sorted) {
        std::optional<ReplayError> error = decide_next(*request);
        if (error) return error;
      } else if (requests_.size() == kMaxSortedRequests) {
        return ReplayError{
            reader.number(),
            absl::StrCat("more than ", with_commas(kMaxSortedRequests),
                         " requests: sort the log and use --sorted")};
      } else {
        requests_.push_back(*request);
      }
    }
    if (log.bad()) return ReplayError{0, "cannot be read"};
    return std::nullopt;
  }

  std::optional<ReplayError> decide_in_order() {
    // Stable, so that one time's requests stay in the order of the log.
    std::stable_sort(requests_.begin(), requests_.end(), earlier);
    for (const Request& request : requests_) {
      progress("replayed", report_->total.requests());
      std::optional<ReplayError> error = decide(request);
      if (error) return error;
    }
    return std::nullopt;
  }

  std::optional<ReplayError> decide_next(const Request& request) {
    if (report_->total.requests() > 0 && request.unix_ns < report_->last_ns) {
      return ReplayError{request.line,
                         absl::StrCat("earlier than line ", last_line_,
                                      ": the log is not sorted; leave out "
                                      "--sorted")};
    }
    last_line_ = request.line;
    return decide(request);
  }

  std::optional<ReplayError> decide(const Request& request) {
    const auto decision =
        simulation_.decide(request, interner_.methods()[request.method]);
    if (!decision.ok()) return error_at(request.line, decision.status());

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
      key.first_refusal =
          Refusal{request.unix_ns, decision->limit, request.line};
    }
    return std::nullopt;
  }

  void add_malformed(std::int64_t line, std::string_view reason) {
    ++report_->malformed;
    if (report_->malformed_lines.size() < ReplayReport::kMaxMalformedListed) {
      report_->malformed_lines.push_back({line, std::string(reason)});
    }
  }

  void finish() {
    for (std::size_t i = 0; i < report_->keys.size(); ++i) {
      report_->keys[i].key = interner_.keys()[i].text;
      report_->keys[i].is_secret = interner_.keys()[i].is_secret;
    }
    std::sort(report_->keys.begin(), report_->keys.end(),
              [](const KeyReport& a, const KeyReport& b) {
                const std::int64_t more =
                    b.tally.requests() - a.tally.requests();
                return more != 0 ? more < 0 : a.key < b.key;
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
  std::vector<Request> requests_;  // unless the log is sorted
  std::int64_t last_line_ = 0;     // of the request before, if it is
};

}  // namespace

std::optional<ReplayError> replay(std::istream& log, const v1::UsagePlan& plan,
                                  const ReplayOptions& options,
                                  ReplayReport* report) {
  return Replay(plan, options, report).run(log);
}

}  // namespace weir::cli
