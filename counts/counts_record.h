#ifndef WEIR_COUNTS_COUNTS_RECORD_H_
#define WEIR_COUNTS_COUNTS_RECORD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "weir/counts/boot_id.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/daily_log.h"

// The format of the files of counts. See counts/counts_file.h.

namespace weir::internal {

// One association's counts, or an unused record.
struct alignas(64) CountsRecord {
  Counts counts;
  // The id, above 0; 0 if unused. Stored last when a record begins, and first
  // when it ends.
  std::atomic<int64_t> association;
  // An identity_check(), if in use.
  std::atomic<uint64_t> check;
};

static_assert(sizeof(CountsRecord) == 64, "a line");

// A hash of what does not change while the record is the association's.
uint64_t identity_check(uint64_t generation, uint32_t number,
                        int64_t association, Day first_day);

// The header of both files, in place of their first record or line.
struct CountsHeader {
  static constexpr char kMagic[8] = {'w', 'e', 'i', 'r', 'c', 'n', 't', '\n'};
  static constexpr uint32_t kVersion = 1;

  enum Kind : uint16_t { kRecords = 1, kLines = 2 };

  uint64_t check_of_fields() const;

  char magic[8];
  uint32_t version;
  uint16_t kind;
  uint16_t item_bytes;
  uint64_t generation;
  uint64_t lines_address;  // The base of the addresses in the logs.
  BootId boot_id;
  uint64_t check;  // check_of_fields(), of the fields above.
  // The file has at least this many bytes. Grows with the file.
  std::atomic<uint64_t> bytes;
};

static_assert(sizeof(CountsHeader) == 64, "in the place of one record");
static_assert(CountsHeader::kVersion == 1 && DailyLog::kDays == 126,
              "where a day is in a log is part of the format");

std::string counts_path(const std::string& folder, CountsHeader::Kind kind,
                        uint64_t generation);

}  // namespace weir::internal

#endif  // WEIR_COUNTS_COUNTS_RECORD_H_
