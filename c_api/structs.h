// Structures that begin with their size: the caller's may be shorter or longer
// than this library's.

#ifndef WEIR_C_API_STRUCTS_H_
#define WEIR_C_API_STRUCTS_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace weir::c_api {

// Converts a caller's structure to this library's: fields that the caller does
// not have are zero, and fields that the library does not know are dropped.
template <class T>
T read_struct(const T* given) {
  T result = {};
  std::memcpy(&result, given, std::min(given->size, sizeof(T)));
  result.size = sizeof(T);
  return result;
}

// Writes as much of `value` as the caller has room for, but not the size.
template <class T>
void write_struct(const T& value, T* given) {
  const size_t size = std::min(given->size, sizeof(T));
  if (size <= sizeof(size_t)) return;
  std::memcpy(reinterpret_cast<char*>(given) + sizeof(size_t),
              reinterpret_cast<const char*>(&value) + sizeof(size_t),
              size - sizeof(size_t));
}

// Element `i` of an array whose elements have the size that the first one
// gives.
template <class T>
T* element(T* first, size_t i) {
  using Byte = std::conditional_t<std::is_const_v<T>, const char, char>;
  return reinterpret_cast<T*>(reinterpret_cast<Byte*>(first) + i * first->size);
}

}  // namespace weir::c_api

#endif  // WEIR_C_API_STRUCTS_H_
