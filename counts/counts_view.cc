#include "weir/counts/counts_view.h"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "weir/base/status_macros.h"
#include "weir/memory/line_source.h"

namespace weir::internal {
namespace {

// How often a record is read again before it is considered damaged, since it
// may change during a read.
constexpr int kLooks = 100;

// The offset of the first line, after the header.
constexpr uint64_t kFirstLine = 128;

absl::Status damage(const FileView& file, uint64_t offset,
                    absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat(file.path(), ": at offset ", offset, ": ", what));
}

}  // namespace

struct CountsView::Look {
  std::optional<Entry> entry;
  const char* what = nullptr;  // The problem, if any.
  const FileView* where = nullptr;
  uint64_t offset = 0;
};

absl::StatusOr<CountsView> CountsView::open(const std::string& folder,
                                            uint64_t generation) {
  auto counts =
      FileView::open(counts_path(folder, CountsHeader::kRecords, generation));
  if (!counts.ok()) return counts.status();
  auto lines =
      FileView::open(counts_path(folder, CountsHeader::kLines, generation));
  if (!lines.ok()) return lines.status();
  return of(generation, *std::move(counts), *std::move(lines));
}

absl::StatusOr<CountsView> CountsView::of(uint64_t generation,
                                          std::unique_ptr<FileView> counts,
                                          std::unique_ptr<FileView> lines) {
  CountsView view(generation, std::move(counts), std::move(lines));
  WEIR_RETURN_IF_ERROR(view.check_headers());
  return view;
}

absl::Status CountsView::check_headers() {
  auto status = check_header(*counts_, CountsHeader::kRecords);
  if (status.ok()) status = check_header(*lines_, CountsHeader::kLines);
  return status;
}

absl::Status CountsView::check_header(FileView& file, CountsHeader::Kind kind) {
  const char* start = file.at(0, sizeof(CountsHeader));
  if (start == nullptr) {
    return damage(file, file.size(), "the file ends within its header");
  }
  const auto& header = *reinterpret_cast<const CountsHeader*>(start);
  if (std::memcmp(header.magic, CountsHeader::kMagic, sizeof header.magic)) {
    return damage(file, 0, "this is not how a file of counts begins");
  }
  if (header.version != CountsHeader::kVersion) {
    return damage(file, offsetof(CountsHeader, version),
                  absl::StrCat("the file was written by another version: its "
                               "format is ",
                               header.version, ", this one reads ",
                               CountsHeader::kVersion));
  }
  if (header.check != header.check_of_fields()) {
    return damage(file, offsetof(CountsHeader, check),
                  "the header's check value does not match");
  }
  if (header.kind != kind) {
    return damage(file, offsetof(CountsHeader, kind),
                  "the file is of the other kind");
  }
  if (header.item_bytes != sizeof(CountsRecord)) {
    return damage(file, offsetof(CountsHeader, item_bytes),
                  absl::StrCat("items have ", header.item_bytes, " bytes"));
  }
  if (header.generation != generation_) {
    return damage(file, offsetof(CountsHeader, generation),
                  absl::StrCat("the file is of generation ", header.generation,
                               ", not ", generation_));
  }
  if (kind == CountsHeader::kRecords) {
    lines_address_ = header.lines_address;
    boot_id_ = header.boot_id;
  } else if (header.lines_address != lines_address_ ||
             header.boot_id != boot_id_) {
    return damage(
        file, offsetof(CountsHeader, lines_address),
        absl::StrCat("the file is not of one pair with ", counts_->path()));
  }
  const uint64_t bytes = header.bytes.load();
  if (bytes < sizeof(CountsHeader)) {
    return damage(file, offsetof(CountsHeader, bytes),
                  "the file's size is missing");
  }
  if (file.at(0, bytes) == nullptr) {
    return damage(
        file, file.size(),
        absl::StrCat("the file is cut short: it had ", bytes, " bytes"));
  }
  return absl::OkStatus();
}

uint32_t CountsView::end() const {
  return static_cast<uint32_t>(
      std::min<size_t>(counts_->size() / sizeof(CountsRecord),
                       std::numeric_limits<uint32_t>::max()));
}

absl::StatusOr<std::optional<CountsView::Entry>> CountsView::read(
    uint32_t number) {
  Look look;
  for (int i = 0; i < kLooks; ++i) {
    look = this->look(number);
    if (look.what == nullptr) return look.entry;
    // What looks wrong may be changing from one valid state to another.
    sched_yield();
  }
  return damage(*look.where, look.offset,
                absl::StrCat(look.what, " (record ", number, ")"));
}

CountsView::Look CountsView::look(uint32_t number) {
  Look look;
  look.where = counts_.get();
  look.offset = uint64_t{number} * sizeof(CountsRecord);
  const auto wrong = [&](const char* what) {
    look.what = what;
    return look;
  };
  const char* const start = counts_->at(look.offset, sizeof(CountsRecord));
  if (start == nullptr) return wrong("the file ends before the record");
  const auto& record = *reinterpret_cast<const CountsRecord*>(start);

  const int64_t association = record.association.load();
  if (association == 0) return look;
  const QuotaCounter& quota = record.counts.quota;
  const uint64_t check = record.check.load();
  const Day first_day = quota.first_day();
  const QuotaWords words = quota.snapshot();
  days_.clear();
  uint64_t address;
  const char* const log_is_wrong = record.counts.log.inspect(
      [&](uint64_t line) -> const void* {
        const uint64_t offset = line - lines_address_;
        if (line < lines_address_ || offset < kFirstLine) return nullptr;
        return lines_->at(offset, LineSource::kLineBytes);
      },
      [&](DayWord day) { days_.push_back(day); }, address);

  // If this fails, the record has ended, and its lines may have been reused:
  // between two associations, a record has none. A midnight between reading the
  // words and the log is detected below: the log is ahead of the words then.
  if (record.association.load() != association) return look;

  if (association < 0 ||
      check != identity_check(generation_, number, association, first_day)) {
    return wrong("the record's check value does not match");
  }
  if (!words.are_possible() || words.today.day() < first_day) {
    return wrong("no counter holds such words");
  }
  if (log_is_wrong != nullptr) {
    if (address != 0) {
      look.where = lines_.get();
      look.offset = address - lines_address_;
    }
    return wrong(log_is_wrong);
  }
  std::sort(days_.begin(), days_.end(),
            [](DayWord a, DayWord b) { return a.day() < b.day(); });
  if (!days_.empty()) {
    const DayWord last = days_.back();
    // The current day can be in the log only once it is closed, with the same
    // count.
    if (days_.front().day() < first_day || last.day() > words.today.day() ||
        (last.day() == words.today.day() &&
         last.as_closed().bits() != words.today.bits())) {
      return wrong("the log has a day that the counter has not counted");
    }
  }
  look.entry = Entry{association, {first_day, words, days_}};
  return look;
}

}  // namespace weir::internal
