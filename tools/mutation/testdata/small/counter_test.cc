#include "counter.h"

#include <cstdio>

int main() {
  std::puts("[ RUN      ] Counter.Sums");
  if (sum_up_to(3) != 6) return 1;
  if (kTwelve != 12) return 1;
  std::puts("[ RUN      ] Counter.Compares");
  return greater(2, 3) == 3 && greater(5, 4) == 5 ? 0 : 1;
}
