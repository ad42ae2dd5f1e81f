// A writer of the text format of Prometheus.

#ifndef WEIR_SERVE_METRICS_WRITER_H_
#define WEIR_SERVE_METRICS_WRITER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

// Writes the text exposition format, version 0.0.4, one metric at a time.
//
//   MetricsWriter metrics;
//   metrics.begin_counter("weir_requests_total", "Requests.");
//   metrics.add({{"outcome", "admitted"}}, 17);
//   metrics.text();
//
// REQUIRES (not checked): names are [a-z_]+, each metric is begun once, and no
// two of its samples have the same labels.
//
// *thread-compatible*
class MetricsWriter {
 public:
  using Labels =
      std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // The content type of `text()`.
  static constexpr char kContentType[] =
      "text/plain; version=0.0.4; charset=utf-8";

  // Begins a counter: it only grows while the process runs, and its name ends
  // in "_total".
  void begin_counter(std::string_view name, std::string_view help);
  void begin_gauge(std::string_view name, std::string_view help);

  // Adds a sample of the metric that was begun last. Label values may be any
  // UTF-8.
  void add(std::int64_t value) { add({}, value); }
  void add(double value) { add({}, value); }
  void add(Labels labels, std::int64_t value);
  void add(Labels labels, double value);

  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }

 private:
  void begin(std::string_view name, std::string_view type,
             std::string_view help);
  void add_text(Labels labels, std::string_view value);

  std::string text_;
  std::string name_;
};

}  // namespace weir

#endif  // WEIR_SERVE_METRICS_WRITER_H_
