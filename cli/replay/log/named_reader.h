// Reads logs whose fields have names: JSON, XML, CSV, and tables with a header.

#ifndef WEIR_CLI_REPLAY_LOG_NAMED_READER_H_
#define WEIR_CLI_REPLAY_LOG_NAMED_READER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/replay/log/log_reader.h"

namespace weir::cli {

// The names that the parts of a request have in a format. Each may have
// several, with '|' between them: the first that a record has is taken.
struct NamedFormat {
  // Names that every record of the format has.
  std::string_view required;
  // What has a field `logger` that begins otherwise is no request.
  std::string_view logger;
  std::string_view logger_prefix;

  std::string_view time;
  std::string_view date;     // stands before the time, if it is there
  std::string_view request;  // "GET /path HTTP/1.1"; if it lacks, the next ones
  std::string_view method;
  std::string_view resource;  // "/pets/{id}"
  std::string_view route;     // "GET /pets/{id}"
  std::string_view target;
  std::string_view query;
  std::string_view key;
  std::string_view api;
  std::string_view stage;
  std::string_view cost;

  // Whether values are percent-encoded once more than they were sent.
  bool percent_encoded = false;
};

// What all these formats have in common; how a record is taken apart is a
// subclass's matter.
class NamedReader : public LogReader {
 public:
  // REQUIRES: `format` outlives the reader.
  NamedReader(const NamedFormat& format, const FieldChoice& choice);

  LogLine read(std::string_view record) final;
  std::string_view missing_field() const final;

 protected:
  // A field that is wanted.
  struct Slot {
    std::string name;
    bool is_secret = false;   // is_credential_name()
    bool is_api_key = false;  // is_api_key_name()
    // -- Of the present record --
    bool exists = false;     // it has a field of this name
    bool has_text = false;   // which is neither null nor made of others
    bool has_parts = false;  // it is an object or an array
    std::string_view text;
    std::string storage;  // for `text`, where the record does not hold it
    // -- Of all records --
    bool was_found = false;
  };

  // Fills in the slots. Returns what is wrong, or null; `*nothing` is set for
  // records that are none.
  virtual const char* parse(std::string_view record, bool* nothing) = 0;

  std::vector<Slot>& slots() { return slots_; }
  static void set(Slot* slot, std::string_view text);

 private:
  // The slots of the names of one part: [begin, end).
  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  Part add(std::string_view names);
  Part add_one(const std::string& name);
  Slot* first(Part part);      // that exists; null: none does
  Slot* with_text(Part part);  // the first that has text, and not "-" or ""
  const char* fill(LogEntry* entry);
  const char* fill_time(LogEntry* entry);
  const char* fill_request(LogEntry* entry);
  const char* fill_stage(LogEntry* entry);
  const char* fill_key(LogEntry* entry);
  std::string_view decoded(Slot* slot) const;

  const NamedFormat& format_;
  std::vector<Slot> slots_;
  Part required_, logger_, time_, date_, request_, method_, resource_, route_,
      target_, query_, key_, api_, stage_, cost_;
  bool key_is_chosen_ = false;
  Part chosen_stage_;
  bool stage_is_chosen_ = false;
  std::string no_time_;
  std::string no_request_;
  std::string not_typical_;
  std::string text_;        // storage of the present entry's target
  std::string stage_text_;  // and of its stage
};

// One JSON object a record. A name is that of a member; or leads to one in
// objects and arrays, "request.headers.X-Api-Key[0]"; or is a JSON Pointer,
// "/request/headers/X-Api-Key/0". Malformed: what is no JSON (RFC 8259), but
// for escapes "\xHH" and bytes that are no UTF-8, which are read as the
// character of that number; and objects that have a wanted member twice.
std::unique_ptr<LogReader> make_json_reader(const NamedFormat& format,
                                            const FieldChoice& choice);

// One element a record, with elements of text in it: `<request id="1"><ip>...`.
// An attribute of the outer element has the name "requestId" if it is "id".
std::unique_ptr<LogReader> make_xml_reader(const NamedFormat& format,
                                           const FieldChoice& choice);

// Values between commas, in quotes or not (RFC 4180, but for line ends in
// quotes). A first record with names in it is a header; without one, the
// columns are those that API Gateway's documentation has for REST APIs, or for
// HTTP APIs.
std::unique_ptr<LogReader> make_csv_reader(const NamedFormat& format,
                                           const FieldChoice& choice);

// W3C Extended Log File Format: "#Fields:" has the names of the columns, which
// tabs divide, or blanks.
std::unique_ptr<LogReader> make_w3c_reader(const NamedFormat& format,
                                           const FieldChoice& choice);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_NAMED_READER_H_
