#ifndef COUNTER_H_
#define COUNTER_H_

constexpr int kSizes[2] = {7, 9};

int sum_up_to(int n);
template <typename T>
T greater(T a, T b) {
  return a >= b ? a : b;
}

#endif
