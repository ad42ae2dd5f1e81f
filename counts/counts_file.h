#ifndef WEIR_COUNTS_COUNTS_FILE_H_
#define WEIR_COUNTS_COUNTS_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/counts/counts_record.h"
#include "weir/counts/mapped_file.h"
#include "weir/memory/arena.h"
#include "weir/memory/line_source.h"
#include "weir/quota/counts.h"

namespace weir::internal {

// The counts of a store's keys, in two memory-mapped files that requests write
// to. Counts survive any process exit, because they are in the system's page
// cache. (They do not survive a loss of power: see flush().)
//
//   counts-<generation>  records of 64 bytes: counts and their association
//   days-<generation>    lines of 64 bytes: the daily logs
//
// Pages are allocated on the disk before they are written to. So a full disk is
// an error of reserve() or collect(), and never a signal. Record 0 is a header.
//
// A killed process leaves the state that its threads would leave if they all
// stalled, from which others can always continue. read_counts_files() reads it
// (counts/counts_reader.h).
//
// After fork(), the child continues with a copy of the counts in its own
// memory. The copy is made in the child before fork() returns there, in less
// than a microsecond for each record. The files remain the parent's.
//
// `records()` and `lines()` are *thread-safe*; the rest needs one caller at a
// time. Errors are file_error()s, for example Unavailable if the disk is full.
class CountsFile {
 public:
  // Creates the files of a generation in `folder`, replacing any that an
  // interrupted start left. Reserves address space for the records below
  // `max_records`.
  static absl::StatusOr<std::unique_ptr<CountsFile>> create(
      const std::string& folder, uint64_t generation, size_t max_records);
  // Leaves the files in place.
  ~CountsFile();
  CountsFile(const CountsFile&) = delete;
  CountsFile& operator=(const CountsFile&) = delete;

  // -- Data plane --

  // The records, by number. Only reserved ones may be accessed.
  CountsRecord* records() const noexcept { return records_; }
  // The lines of the daily logs.
  LineSource& lines() noexcept { return *lines_; }

  // -- Control plane --

  // Allocates room on the disk for a record and those before it. On error,
  // nothing has changed.
  absl::Status reserve(uint32_t number);

  // Assigns an unused record to an association (an id above 0), with the counts
  // `counts`. If there is no room, nothing has changed. If the process is
  // killed during the call, the record is either assigned with all of `counts`
  // or unused.
  absl::Status start(uint32_t number, int64_t association,
                     const CountsCopy& counts);
  // Makes a record unused. REQUIRES: no thread counts in it any more.
  void end(uint32_t number);

  // Recycles the lines that were returned, and allocates room on the disk for a
  // new line for each of `associations` associations: at the midnight on which
  // a group of days begins, each takes one. On error the file remains usable,
  // but some days may be lost (see LineSource::lost_day()); the next call tries
  // again. Cheap when there is nothing to do.
  absl::Status collect(size_t associations);

  // Blocks until all that was counted before the call is on the disk.
  absl::Status flush();

  // Records below this number are reserved.
  uint32_t record_count() const {
    return static_cast<uint32_t>(counts_->size() / sizeof(CountsRecord));
  }

  // The size of the files on the disk.
  size_t bytes() const { return counts_->size() + days_->size(); }
  // How many days of keys were not logged because there was no line.
  int64_t lost_days() const { return lines_->lost_days(); }
  uint64_t generation() const { return generation_; }
  // Whether this is the in-memory copy of a forked child.
  bool is_copy() const { return counts_->is_memory(); }

  // -- Old files. REQUIRES: no CountsFile has them open. --

  // OK if there are none.
  static absl::Status remove(const std::string& folder, uint64_t generation);
  // Removes the files of all generations except this one.
  static absl::Status remove_others(const std::string& folder,
                                    uint64_t generation);

 private:
  class Live;

  // Room beyond what a midnight takes: for keys that are added before then.
  static constexpr size_t kMinAhead = size_t{64} << 10;

  static absl::StatusOr<std::unique_ptr<CountsFile>> create_both(
      const std::string& folder, uint64_t generation, size_t max_records);
  CountsFile(std::string folder, uint64_t generation,
             std::unique_ptr<MappedFile> counts,
             std::unique_ptr<MappedFile> days);

  // Allocates room on the disk for `ahead` bytes of lines not taken yet.
  absl::Status extend_lines(size_t ahead);
  void become_copy();

  const std::string folder_;
  const uint64_t generation_;
  const std::unique_ptr<MappedFile> counts_;
  const std::unique_ptr<MappedFile> days_;
  CountsRecord* const records_;
  const std::unique_ptr<Arena> lines_;
};

}  // namespace weir::internal

#endif  // WEIR_COUNTS_COUNTS_FILE_H_
