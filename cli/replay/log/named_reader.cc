#include "weir/cli/replay/log/named_reader.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"
#include "weir/cli/replay/log/credential_name.h"
#include "weir/cli/replay/log/log_time.h"
#include "weir/cli/replay/log/request_line.h"
#include "weir/cli/replay/log/scan.h"
#include "weir/http/target.h"

namespace weir::cli {
namespace {

// Whether `text` is how formats write an absent value.
bool stands_for_nothing(std::string_view text) {
  return text.empty() || text == "-";
}

std::string in_words(std::string_view names) {
  return absl::StrReplaceAll(internal::to_absl(names), {{"|", " or "}});
}

// The part of a path below the stage: API Gateway's $context.path begins with
// the stage, except for custom domains and the stage "$default".
std::string_view below_stage(std::string_view path, std::string_view stage) {
  const bool begins_with_it =
      !stage.empty() && path.size() > stage.size() &&
      path.substr(1, stage.size()) == stage &&
      (path.size() == stage.size() + 1 || path[stage.size() + 1] == '/');
  if (!begins_with_it) return path;
  path.remove_prefix(stage.size() + 1);
  return path.empty() ? "/" : path;
}

}  // namespace

NamedReader::NamedReader(const NamedFormat& format, const FieldChoice& choice)
    : format_(format),
      required_(add(format.required)),
      logger_(add(format.logger)),
      time_(add(format.time)),
      date_(add(format.date)),
      request_(add(format.request)),
      method_(add(format.method)),
      resource_(add(format.resource)),
      route_(add(format.route)),
      target_(add(format.target)),
      query_(add(format.query)),
      key_(choice.key.empty() ? add(format.key) : add_one(choice.key)),
      api_(add(format.api)),
      stage_(add(format.stage)),
      cost_(add(format.cost)),
      key_is_chosen_(!choice.key.empty()),
      stage_is_chosen_(!choice.stage.empty()),
      no_time_(absl::StrCat("expected a time, 1970 to 2089, as ",
                            in_words(format.time))) {
  if (stage_is_chosen_) chosen_stage_ = add_one(choice.stage);
  no_request_ = "expected a method and a path, as ";
  if (!format.request.empty()) {
    absl::StrAppend(&no_request_, in_words(format.request), ", or as ");
  }
  const std::string_view path =
      !format.resource.empty() ? format.resource : format.target;
  absl::StrAppend(&no_request_, in_words(format.method), " and ",
                  in_words(path));
  not_typical_ = absl::StrCat(
      "expected the fields ",
      absl::StrReplaceAll(internal::to_absl(format.required), {{"|", ", "}}));
}

NamedReader::Part NamedReader::add(std::string_view names) {
  Part part{slots_.size(), slots_.size()};
  if (names.empty()) return part;
  for (const auto& name : absl::StrSplit(internal::to_absl(names), '|')) {
    part.end = add_one(std::string(name)).end;
  }
  return part;
}

NamedReader::Part NamedReader::add_one(const std::string& name) {
  slots_.emplace_back();
  slots_.back().name = name;
  slots_.back().is_secret = is_credential_name(name);
  slots_.back().is_api_key = is_api_key_name(name);
  return {slots_.size() - 1, slots_.size()};
}

void NamedReader::set(Slot* slot, std::string_view text) {
  slot->exists = slot->has_text = true;
  slot->text = text;
}

NamedReader::Slot* NamedReader::first(Part part) {
  for (std::size_t i = part.begin; i < part.end; ++i) {
    if (slots_[i].exists) return &slots_[i];
  }
  return nullptr;
}

NamedReader::Slot* NamedReader::with_text(Part part) {
  for (std::size_t i = part.begin; i < part.end; ++i) {
    Slot& slot = slots_[i];
    if (slot.has_text && !stands_for_nothing(slot.text)) return &slot;
  }
  return nullptr;
}

std::string_view NamedReader::decoded(Slot* slot) const {
  if (!format_.percent_encoded ||
      slot->text.find('%') == std::string_view::npos) {
    return slot->text;
  }
  auto text = percent_decoded(slot->text);
  if (!text.ok()) return slot->text;
  slot->storage = *std::move(text);
  return slot->text = slot->storage;
}

LogLine NamedReader::read(std::string_view record) {
  const std::size_t start = record.find_first_not_of(kBlanks);
  if (start == record.npos) return LogLine();
  for (Slot& slot : slots_) {
    slot.exists = slot.has_text = slot.has_parts = false;
    slot.text = "";
  }
  bool nothing = false;
  if (const char* reason = parse(record.substr(start), &nothing)) {
    return malformed_line(reason);
  }
  LogLine line;
  if (nothing) return line;
  if (const Slot* logger = first(logger_)) {
    const std::string_view prefix = format_.logger_prefix;
    if (logger->text.substr(0, prefix.size()) != prefix) return line;
  }
  if (const char* reason = fill(&line.entry)) return malformed_line(reason);
  for (Slot& slot : slots_) slot.was_found |= slot.exists;
  line.kind = LogLine::Kind::kRequest;
  return line;
}

const char* NamedReader::fill(LogEntry* entry) {
  for (std::size_t i = required_.begin; i < required_.end; ++i) {
    if (!slots_[i].exists) return not_typical_.c_str();
  }
  if (const char* reason = fill_time(entry)) return reason;
  if (const char* reason = fill_request(entry)) return reason;
  if (const char* reason = fill_stage(entry)) return reason;
  if (const Slot* cost = with_text(cost_)) {
    if (!is_number(cost->text) ||
        !absl::SimpleAtoi(internal::to_absl(cost->text), &entry->cost)) {
      return "expected a cost from 0 to 4294967295";
    }
  }
  return fill_key(entry);
}

const char* NamedReader::fill_time(LogEntry* entry) {
  const Slot* const time = with_text(time_);
  if (time == nullptr) return no_time_.c_str();
  const Slot* const date = with_text(date_);
  const auto unix_ns =
      date == nullptr
          ? parse_log_time(time->text)
          : parse_log_time(absl::StrCat(internal::to_absl(date->text), " ",
                                        internal::to_absl(time->text)));
  if (!unix_ns) return no_time_.c_str();
  entry->unix_ns = *unix_ns;
  return nullptr;
}

const char* NamedReader::fill_request(LogEntry* entry) {
  if (const Slot* request = with_text(request_)) {
    const char* reason = nullptr;
    split_request_line(request->text, entry, &reason);
    return reason;
  }
  if (const Slot* method = with_text(method_)) entry->method = method->text;
  const Slot* resource = with_text(resource_);
  if (resource == nullptr) resource = with_text(route_);
  Slot* const target = with_text(target_);
  if (resource != nullptr && set_resource(resource->text, entry)) {
    // Already set.
  } else if (target != nullptr) {
    const Slot* const stage = with_text(stage_);
    entry->target = decoded(target);
    if (stage != nullptr && !format_.resource.empty()) {
      entry->target = below_stage(entry->target, stage->text);
    }
    if (Slot* query = with_text(query_)) {
      text_ = absl::StrCat(internal::to_absl(entry->target), "?",
                           internal::to_absl(decoded(query)));
      entry->target = text_;
    }
  } else {
    return no_request_.c_str();
  }
  return is_method(entry->method) ? nullptr : no_request_.c_str();
}

const char* NamedReader::fill_stage(LogEntry* entry) {
  if (stage_is_chosen_) {
    Slot* const stage = first(chosen_stage_);
    entry->no_stage =
        stage == nullptr || !stage->has_text || stands_for_nothing(stage->text);
    if (!entry->no_stage) entry->stage = decoded(stage);
    return nullptr;
  }
  const Slot* const api = first(api_);
  const Slot* const stage = first(stage_);
  if (api == nullptr || stage == nullptr) return nullptr;
  entry->no_stage = !api->has_text || !stage->has_text;
  if (!entry->no_stage) {
    stage_text_ = absl::StrCat(internal::to_absl(api->text), ":",
                               internal::to_absl(stage->text));
    entry->stage = stage_text_;
  }
  return nullptr;
}

const char* NamedReader::fill_key(LogEntry* entry) {
  Slot* key = first(key_);
  if (key == nullptr && !key_is_chosen_) {
    return "the record has no field that identifies the caller: see --key";
  }
  if (key == nullptr) key = &slots_[key_.begin];
  if (key->has_parts) return "the key's field is an object or an array";
  // Without text the key is "-". Only in an API key's field does that mean that
  // there is no key, as in text formats.
  entry->key = key->has_text ? decoded(key) : "-";
  entry->key_is_secret = key->is_secret;
  entry->has_key = !key->is_api_key || !stands_for_nothing(entry->key);
  return nullptr;
}

std::string_view NamedReader::missing_field() const {
  if (key_is_chosen_ && !slots_[key_.begin].was_found) {
    return slots_[key_.begin].name;
  }
  if (stage_is_chosen_ && !slots_[chosen_stage_.begin].was_found) {
    return slots_[chosen_stage_.begin].name;
  }
  return "";
}

}  // namespace weir::cli
