// ImportApiKeys.

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/enforcer/enforcer.h"
#include "weir/json/json_writer.h"
#include "weir/management/api_key_csv.h"
#include "weir/management/operations.h"
#include "weir/management/responses.h"
#include "weir/management/status_response.h"
#include "weir/plan/plan_error.h"
#include "weir/proto/api_key.pb.h"

namespace weir::operations {
namespace {

// The error of an imported key, with the key's line in place of its index.
absl::Status with_line(const absl::Status& error,
                       const std::vector<int>& lines) {
  const std::vector<std::string> parts = absl::StrSplit(
      error.message(), absl::MaxSplits(absl::ByAnyChar("[]"), 2));
  std::size_t i;
  if (parts.size() < 3 || parts[0] != "keys" ||
      !absl::SimpleAtoi(parts[1], &i) || i >= lines.size()) {
    return error;
  }
  return absl::Status(
      error.code(), absl::StrCat("line ", lines[i], ": ", aws_message(error)));
}

// The answer to an import of which nothing was done.
HttpResponse refuse(const std::map<int, std::string>& warnings) {
  constexpr std::size_t kShown = 8;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [line, warning] : warnings) {
    if (shown == kShown) break;
    absl::StrAppend(&text, shown++ == 0 ? "" : "; ", warning);
  }
  if (shown < warnings.size()) {
    absl::StrAppend(&text, "; and ", warnings.size() - shown, " more");
  }
  return status_response(absl::InvalidArgumentError(text));
}

void write_texts(const std::vector<std::string>& texts, JsonWriter& json) {
  json.begin_array();
  for (const std::string& text : texts) {
    if (!text.empty()) json.string(text);  // "" is the id of a skipped key
  }
  json.end_array();
}

}  // namespace

HttpResponse import_api_keys(const OperationRequest& request) {
  const bool fails_on_warnings = request.parameter("failonwarnings") == "true";
  if (request.parameter("format") != "csv") {
    return status_response(absl::InvalidArgumentError("format: expected csv"));
  }
  auto rows = parse_api_key_csv(request.http.body);
  if (!rows.ok()) return status_response(rows.status());

  std::map<int, std::string> warnings;  // by line
  std::vector<int> lines;
  std::vector<v1::ApiKey> keys;
  std::vector<std::vector<std::string>> plan_ids;
  const auto warn = [&warnings](int line, const absl::Status& status) {
    warnings.emplace(line,
                     absl::StrCat("line ", line, ": ", aws_message(status)));
  };
  for (ApiKeyRow& row : *rows) {
    if (!row.status.ok()) {
      warn(row.line, row.status);
      continue;
    }
    lines.push_back(row.line);
    keys.push_back(std::move(row.key));
    plan_ids.push_back(std::move(row.plan_ids));
  }
  if (fails_on_warnings && !warnings.empty()) return refuse(warnings);

  std::vector<absl::Status> skipped;
  const auto ids = request.enforcer.import_api_keys(
      keys, plan_ids, fails_on_warnings ? nullptr : &skipped,
      ExistingKeys::kOverwrite);
  if (!ids.ok()) return status_response(with_line(ids.status(), lines));
  for (std::size_t i = 0; i < skipped.size(); ++i) {
    if (!skipped[i].ok()) warn(lines[i], skipped[i]);
  }
  std::vector<std::string> texts;
  for (auto& [line, text] : warnings) texts.push_back(std::move(text));
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("ids");
  write_texts(*ids, json);
  json.key("warnings");
  write_texts(texts, json);
  json.end_object();
  return json_response(201, std::move(json).text());
}

}  // namespace weir::operations
