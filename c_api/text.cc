#include "weir/c_api/text.h"

#include <cstdlib>
#include <cstring>

namespace weir::c_api {

void set(weir_text* answer, std::string_view text) {
  if (answer == nullptr) return;
  // malloc(), as usual for C libraries: some callers free() the text directly.
  char* const data = static_cast<char*>(std::malloc(text.size() + 1));
  if (data == nullptr) std::abort();
  if (!text.empty()) std::memcpy(data, text.data(), text.size());
  data[text.size()] = '\0';
  *answer = {data, text.size()};
}

weir_code finish(const absl::Status& status, weir_text* answer) {
  const absl::string_view message = status.message();
  set(answer, std::string_view(message.data(), message.size()));
  return static_cast<weir_code>(status.code());
}

}  // namespace weir::c_api

void weir_text_free(weir_text* text) {
  if (text == nullptr) return;
  std::free(text->data);
  *text = {nullptr, 0};
}
