// The consumer's own.
inline constexpr int kRequests = 3;
