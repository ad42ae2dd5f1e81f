#ifndef WEIR_STORE_COUNTS_FILE_H_
#define WEIR_STORE_COUNTS_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "enforcer/arena.h"
#include "quota/counts.h"
#include "quota/line_source.h"
#include "store/counts_record.h"
#include "store/mapped_file.h"

namespace weir {

// The counts of a store's keys, in two files that requests write to as they
// write to memory: what was counted outlives the process, however that ends,
// because it is in the system's cache of the files. (Not a loss of power: see
// flush().)
//
//   counts-<generation>  records of 64 bytes: counts, and whose they are
//   days-<generation>    lines of 64 bytes: the daily logs
//
// No page is written to that has no room on the disk, so a full disk is an
// error of reserve() or collect(), and never a signal. Record 0 is a header.
//
// A killed process leaves what its threads would leave if they all stalled, and
// that is always a state from which others go on. read_counts_files() is how
// (store/counts_reader.h).
//
// After fork(), the child goes on with a copy of the counts in memory of its
// own, made in the child before fork() returns there, in less than a
// microsecond for each record; the files stay the parent's.
//
// *thread-safe*, as far as `records()` and `lines()` go; the rest needs one
// caller at a time. Errors are file_error()s: Unavailable if the disk is full,
// for instance.
class CountsFile {
 public:
  // Creates the files of a generation in `folder`, in place of what an
  // interrupted start may have left, with address space for the records below
  // `max_records`.
  static absl::StatusOr<std::unique_ptr<CountsFile>> create(
      const std::string& folder, uint64_t generation, size_t max_records);
  // The files stay.
  ~CountsFile();
  CountsFile(const CountsFile&) = delete;
  CountsFile& operator=(const CountsFile&) = delete;

  // -- Data plane --

  // The records, by number. Those may be touched that were reserved.
  CountsRecord* records() const noexcept { return records_; }
  // Of the daily logs.
  LineSource& lines() noexcept { return *lines_; }

  // -- Control plane --

  // Has room on the disk for a record, and those before it. If not, nothing has
  // changed.
  absl::Status reserve(uint32_t number);

  // Makes a record that is nobody's the association's (an id above 0), with
  // what `counts` says. If there is no room, nothing has changed. A process
  // that is killed meanwhile leaves the record somebody's with all of that, or
  // nobody's.
  absl::Status start(uint32_t number, int64_t association,
                     const CountsCopy& counts);
  // Makes a record nobody's. REQUIRES: nobody counts in it any more.
  void end(uint32_t number);

  // Gives out again the lines that came back, and has room on the disk for a
  // new line for each of so many associations: on the midnight on which a group
  // of days begins, each takes one. OK too if the disk has too little
  // room: some days may then be lost (see LineSource::lost_day()), and the next
  // call tries again; the status says so. Cheap when there is nothing to do.
  absl::Status collect(size_t associations);

  // Waits until all that was counted before is on the disk.
  absl::Status flush();

  // Records below this number were reserved.
  uint32_t record_count() const {
    return static_cast<uint32_t>(counts_->size() / sizeof(CountsRecord));
  }

  // What the files take of the disk.
  size_t bytes() const { return counts_->size() + days_->size(); }
  // How many days of keys were not logged for want of lines.
  int64_t lost_days() const { return lines_->lost_days(); }
  uint64_t generation() const { return generation_; }
  // Whether this is a child's copy, in memory.
  bool is_copy() const { return counts_->is_memory(); }

  // -- Files of the past. REQUIRES: no CountsFile has them. --

  // OK if there are none.
  static absl::Status remove(const std::string& folder, uint64_t generation);
  // Removes those of all generations but this.
  static absl::Status remove_others(const std::string& folder,
                                    uint64_t generation);

 private:
  class Live;

  // Beyond what a midnight takes: for keys that are new by then.
  static constexpr size_t kLeastAhead = size_t{64} << 10;

  static absl::StatusOr<std::unique_ptr<CountsFile>> create_both(
      const std::string& folder, uint64_t generation, size_t max_records);
  CountsFile(std::string folder, uint64_t generation,
             std::unique_ptr<MappedFile> counts,
             std::unique_ptr<MappedFile> days);

  // Has room for so many bytes of lines that were not taken yet.
  absl::Status extend_lines(size_t ahead);
  void become_copy();

  const std::string folder_;
  const uint64_t generation_;
  const std::unique_ptr<MappedFile> counts_;
  const std::unique_ptr<MappedFile> days_;
  CountsRecord* const records_;
  const std::unique_ptr<Arena> lines_;
};

}  // namespace weir

#endif  // WEIR_STORE_COUNTS_FILE_H_
