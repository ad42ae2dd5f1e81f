#include "counter.h"

int sum_up_to(int n) {
  int sum = 0;
  for (int i = n; i > 0; --i) sum += i;
  return sum;
}
int unused(int n) { return -n; }
