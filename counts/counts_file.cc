#include "weir/counts/counts_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/base/at_fork.h"
#include "weir/base/file_error.h"
#include "weir/base/mutex.h"
#include "weir/base/status_macros.h"
#include "weir/base/sync_path.h"
#include "weir/counts/boot_id.h"
#include "weir/counts/counts_view.h"
#include "weir/counts/file_view.h"

namespace weir::internal {
namespace {

// The largest size of a log.
constexpr size_t kLogBytes = DailyLog::kLines * LineSource::kLineBytes;
constexpr size_t kMinLineBytes = size_t{2} << 20;

// Reserves less address space if `bytes` are not available: the lines may need
// far more of it than the records.
absl::StatusOr<std::unique_ptr<MappedFile>> create_lines(
    const std::string& path, size_t bytes) {
  for (;; bytes /= 2) {
    auto file = MappedFile::create(path, bytes);
    if (file.ok() || !absl::IsResourceExhausted(file.status()) ||
        bytes / 2 < kMinLineBytes) {
      return file;
    }
  }
}

void write_header(CountsHeader::Kind kind, uint64_t generation,
                  const BootId& boot_id, const MappedFile& lines,
                  const MappedFile& file) {
  auto* header = new (file.base()) CountsHeader;
  std::memcpy(header->magic, CountsHeader::kMagic, sizeof header->magic);
  header->version = CountsHeader::kVersion;
  header->kind = kind;
  header->item_bytes = sizeof(CountsRecord);
  header->generation = generation;
  header->lines_address = reinterpret_cast<uintptr_t>(lines.base());
  header->boot_id = boot_id;
  header->check = header->check_of_fields();
  header->bytes = file.size();
}

// Extends the file to at least `bytes`, and updates the size in its header.
absl::Status extend(MappedFile& file, size_t bytes) {
  if (bytes <= file.size()) return absl::OkStatus();
  const auto status = file.extend(bytes);
  if (status.ok()) {
    reinterpret_cast<CountsHeader*>(file.base())->bytes = file.size();
  }
  return status;
}

absl::Status remove_file(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return file_error(path, "cannot remove", errno);
}

}  // namespace

// The files of this process, for fork(): in the child they are all replaced by
// memory. None is created or destroyed during fork(), which waits for Mutexes.
class CountsFile::Live {
 public:
  static Live& instance() {
    // Never destroyed: files may outlive static objects.
    static Live& live = *new Live;
    return live;
  }

  void add(CountsFile* file) {
    MutexLock lock(mutex_);
    files_.push_back(file);
  }
  void remove(CountsFile* file) {
    MutexLock lock(mutex_);
    files_.erase(std::find(files_.begin(), files_.end(), file));
  }

 private:
  // Locks no Mutex, as no handler of fork() may.
  static void after_fork_in_child() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (CountsFile* file : instance().files_) file->become_copy();
  }

  // Constructed at load time, before its handler is registered.
  static Live& loaded_;
  static const AtFork at_fork_;

  Mutex mutex_;
  std::vector<CountsFile*> files_ ABSL_GUARDED_BY(mutex_);
};

CountsFile::Live& CountsFile::Live::loaded_ = instance();
const AtFork CountsFile::Live::at_fork_(after_fork_in_child);

absl::StatusOr<std::unique_ptr<CountsFile>> CountsFile::create(
    const std::string& folder, uint64_t generation, size_t max_records) {
  auto file = create_both(folder, generation, max_records);
  if (!file.ok()) (void)remove(folder, generation);
  return file;
}

absl::StatusOr<std::unique_ptr<CountsFile>> CountsFile::create_both(
    const std::string& folder, uint64_t generation, size_t max_records) {
  auto counts = MappedFile::create(
      counts_path(folder, CountsHeader::kRecords, generation),
      max_records * sizeof(CountsRecord));
  if (!counts.ok()) return counts.status();
  auto lines =
      create_lines(counts_path(folder, CountsHeader::kLines, generation),
                   std::min(max_records * kLogBytes, Arena::kMax));
  if (!lines.ok()) return lines.status();
  auto status = (*counts)->extend(sizeof(CountsHeader));
  if (status.ok()) status = (*lines)->extend(Arena::kPairBytes);
  if (!status.ok()) return status;
  const BootId boot_id = current_boot_id();
  write_header(CountsHeader::kRecords, generation, boot_id, **lines, **counts);
  write_header(CountsHeader::kLines, generation, boot_id, **lines, **lines);
  return std::unique_ptr<CountsFile>(new CountsFile(
      folder, generation, *std::move(counts), *std::move(lines)));
}

CountsFile::CountsFile(std::string folder, uint64_t generation,
                       std::unique_ptr<MappedFile> counts,
                       std::unique_ptr<MappedFile> days)
    : folder_(std::move(folder)),
      generation_(generation),
      counts_(std::move(counts)),
      days_(std::move(days)),
      records_(reinterpret_cast<CountsRecord*>(counts_->base())),
      lines_(Arena::over(days_->base(), days_->reserved(), days_->size())) {
  Live::instance().add(this);
}

CountsFile::~CountsFile() { Live::instance().remove(this); }

absl::Status CountsFile::reserve(uint32_t number) {
  return extend(*counts_, (size_t{number} + 1) * sizeof(CountsRecord));
}

absl::Status CountsFile::start(uint32_t number, int64_t association,
                               const CountsCopy& counts) {
  WEIR_RETURN_IF_ERROR(reserve(number));
  CountsRecord& record = records_[number];
  if (!record.counts.resume(counts, *lines_)) {
    WEIR_RETURN_IF_ERROR(extend_lines(kLogBytes));
    if (!record.counts.resume(counts, *lines_)) {
      return absl::ResourceExhaustedError(absl::StrCat(
          folder_, ": there is no address space for more days of usage"));
    }
  }
  // Release: a reader that sees the association also sees its counts.
  record.check.store(
      identity_check(generation_, number, association, counts.first_day),
      std::memory_order_release);
  record.association.store(association, std::memory_order_release);
  return absl::OkStatus();
}

void CountsFile::end(uint32_t number) {
  CountsRecord& record = records_[number];
  // Before the lines are reused: a reader checks the association last.
  record.association.store(0);
  record.counts.log.release(*lines_);
}

absl::Status CountsFile::collect(size_t associations) {
  const auto status = extend_lines(associations * LineSource::kLineBytes);
  lines_->collect();
  return status;
}

absl::Status CountsFile::extend_lines(size_t ahead) {
  const size_t bytes =
      std::min(lines_->end() + ahead + kMinAhead, days_->reserved());
  const auto status = extend(*days_, bytes);
  lines_->extend(days_->size());
  return status;
}

absl::Status CountsFile::flush() {
  auto status = counts_->flush();
  if (status.ok()) status = days_->flush();
  if (!status.ok()) return status;
  // Syncs the folder, so that the files' entries are on the disk too.
  const int error = sync_path(folder_);
  return error == 0 ? status : file_error(folder_, "cannot write", error);
}

void CountsFile::become_copy() {
  if (is_copy()) return;
  const auto view_of = [&](CountsHeader::Kind kind, MappedFile& file) {
    return FileView::of(counts_path(folder_, kind, generation_),
                        file.become_memory());
  };
  auto counts = view_of(CountsHeader::kRecords, *counts_);
  auto lines = view_of(CountsHeader::kLines, *days_);
  lines_->start_over(days_->size());
  if (!counts.ok() || !lines.ok()) return;
  auto view =
      CountsView::of(generation_, *std::move(counts), *std::move(lines));
  if (!view.ok()) return;
  const size_t records = counts_->size() / sizeof(CountsRecord);
  for (uint32_t number = 1; number < records; ++number) {
    const auto entry = view->read(number);
    if (!entry.ok() || !entry->has_value()) continue;
    (void)start(number, (*entry)->association, (*entry)->counts);
  }
}

absl::Status CountsFile::remove(const std::string& folder,
                                uint64_t generation) {
  auto status =
      remove_file(counts_path(folder, CountsHeader::kRecords, generation));
  if (!status.ok()) return status;
  return remove_file(counts_path(folder, CountsHeader::kLines, generation));
}

absl::Status CountsFile::remove_others(const std::string& folder,
                                       uint64_t generation) {
  std::error_code error;
  std::filesystem::directory_iterator files(folder, error);
  for (; !error && files != std::filesystem::directory_iterator();
       files.increment(error)) {
    const std::string name = files->path().filename().string();
    absl::string_view number = name;
    uint64_t other;
    if ((absl::ConsumePrefix(&number, "counts-") ||
         absl::ConsumePrefix(&number, "days-")) &&
        absl::SimpleAtoi(number, &other) && other != generation) {
      WEIR_RETURN_IF_ERROR(remove_file(files->path().string()));
    }
  }
  if (error) return file_error(folder, "cannot read", error.value());
  return absl::OkStatus();
}

}  // namespace weir::internal
