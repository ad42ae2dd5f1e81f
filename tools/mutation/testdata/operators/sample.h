// What each operator makes of this is in sample.mutants.
#include <atomic>

struct Mutex {};
class MutexLock {
 public:
  explicit MutexLock(Mutex* mutex);
  ~MutexLock();
};

static_assert(sizeof(int) == 4, "never mutated: 1 < 2");
enum class Kind { kFirst = 1, kSecond };
constexpr int kLimit = 8;
#define TWICE(x) ((x) + (x))

void log(const char* text);
int between(int low, int high);
void close(int file);

inline bool comparisons(int a, int b, const char* text) {
  if (a < b) return a == b;
  // a comment: a < b
  return TWICE(a) >= b && text != nullptr;
}

inline int arithmetic(int a, int* p, int* q) {
  a += 2;
  ++a;
  return static_cast<int>(p - q) + (a << 1) - -a;
}

inline int alike() { return 1 + 1; }

inline bool conditions(bool a, bool b) {
  while (!a || b) {
    if constexpr (kLimit > 4) break;
  }
  return a ? true : b;
}

inline void statements(int file, int* kept) {
  *kept = file;
  if (file == 1)
    return;
  else
    log("closed");
  close(file);
  delete kept;
}

inline int arguments(int a, unsigned b) {
  switch (a) {
    case 'x':
      return between(a, kLimit);
    default:
      return between(static_cast<int>(b), static_cast<int>(b));
  }
}

template <typename T>
T dependent(T a, std::atomic<T>& word, Mutex& mutex) {
  MutexLock lock(&mutex);
  T seen = word.load(std::memory_order_acquire);
  return seen <= a ? word.fetch_add(a, std::memory_order_acq_rel) : seen * a;
}

#define WEIR_RETURN_IF_ERROR(...)             \
  do {                                        \
    const int weir_status = (__VA_ARGS__);    \
    if (weir_status != 0) return weir_status; \
  } while (false)

inline int errors(int a) {
  WEIR_RETURN_IF_ERROR(between(a, 1));
  return 0;
}
