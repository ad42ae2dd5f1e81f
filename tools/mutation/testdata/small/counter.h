#ifndef COUNTER_H_
#define COUNTER_H_

constexpr int kSizes[2] = {7, 9};

constexpr int twice(int n) { return n + n; }
constexpr int kTwelve = twice(6);

int sum_up_to(int n);
template <typename T>
T greater(T a, T b) {
  return a >= b ? a : b;
}

#endif
