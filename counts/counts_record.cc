#include "weir/counts/counts_record.h"

#include "absl/strings/str_cat.h"

namespace weir::internal {
namespace {

// FNV-1a. It tells apart any two of these short inputs that differ in one byte.
class Hash {
 public:
  void add(const void* bytes, size_t size) {
    const auto* byte = static_cast<const unsigned char*>(bytes);
    for (size_t i = 0; i < size; ++i) hash_ = (hash_ ^ byte[i]) * kPrime;
  }
  uint64_t value() const { return hash_; }

 private:
  static constexpr uint64_t kPrime = 0x100000001b3;

  uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace

uint64_t identity_check(uint64_t generation, uint32_t number,
                        int64_t association, Day first_day) {
  Hash hash;
  hash.add(&generation, sizeof generation);
  hash.add(&number, sizeof number);
  hash.add(&association, sizeof association);
  hash.add(&first_day, sizeof first_day);
  return hash.value();
}

uint64_t CountsHeader::check_of_fields() const {
  Hash hash;
  hash.add(this, offsetof(CountsHeader, check));
  return hash.value();
}

std::string counts_path(const std::string& folder, CountsHeader::Kind kind,
                        uint64_t generation) {
  return absl::StrCat(folder,
                      kind == CountsHeader::kRecords ? "/counts-" : "/days-",
                      generation);
}

}  // namespace weir::internal
