#ifndef WEIR_MANAGEMENT_CALLER_H_
#define WEIR_MANAGEMENT_CALLER_H_

#include <string>

namespace weir {

// The sender of a request, as its signature proves. *thread-compatible*
struct Caller {
  std::string access_key_id;
  bool read_only = false;  // may read, and change nothing
  bool no_values = false;  // may not see the values of API keys
};

}  // namespace weir

#endif  // WEIR_MANAGEMENT_CALLER_H_
