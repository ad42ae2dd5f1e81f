// Readers of logs with named fields: JSON, XML, CSV, and tables with a header.

#ifndef WEIR_CLI_REPLAY_LOG_NAMED_READER_H_
#define WEIR_CLI_REPLAY_LOG_NAMED_READER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/cli/replay/log/log_reader.h"

namespace weir::cli {

// The names of a request's parts in a format. A part may have several names,
// separated by '|': the first one that a record has is used.
struct NamedFormat {
  // Names that every record of the format has.
  std::string_view required;
  // A record whose field `logger` does not begin with `logger_prefix` is not a
  // request.
  std::string_view logger;
  std::string_view logger_prefix;

  std::string_view time;
  std::string_view date;     // put before the time, if present
  std::string_view request;  // "GET /path HTTP/1.1"; if absent, the next ones
  std::string_view method;
  std::string_view resource;  // "/pets/{id}"
  std::string_view route;     // "GET /pets/{id}"
  std::string_view target;
  std::string_view query;
  std::string_view key;
  std::string_view api;
  std::string_view stage;
  std::string_view cost;

  // Whether values are percent-encoded once more than when they were sent.
  bool percent_encoded = false;
};

// The common part of all these formats. Subclasses split the records.
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
    // -- For the current record --
    bool exists = false;     // it has a field of this name
    bool has_text = false;   // the field is neither null nor has parts
    bool has_parts = false;  // it is an object or an array
    std::string_view text;
    std::string storage;  // for `text`, if the record does not contain it
    // -- For all records --
    bool was_found = false;
  };

  // Fills in the slots. Returns the error, or null. Sets `*nothing` if it is
  // not a record.
  virtual const char* parse(std::string_view record, bool* nothing) = 0;

  std::vector<Slot>& slots() { return slots_; }
  static void set(Slot* slot, std::string_view text);

 private:
  // The slots for the names of one part: [begin, end).
  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  Part add(std::string_view names);
  Part add_one(const std::string& name);
  Slot* first(Part part);      // the first that exists, or null
  Slot* with_text(Part part);  // the first that has text other than "-" or ""
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
  std::string text_;        // storage for the current entry's target
  std::string stage_text_;  // and for its stage
};

// Each record is a JSON object. A field's name is the name of a member; or a
// path through objects and arrays, "request.headers.X-Api-Key[0]"; or a JSON
// Pointer, "/request/headers/X-Api-Key/0". Malformed: records that are not JSON
// (RFC 8259), except that escapes "\xHH" and bytes that are not UTF-8 are read
// as the character of that number; and objects that have a wanted member twice.
std::unique_ptr<LogReader> make_json_reader(const NamedFormat& format,
                                            const FieldChoice& choice);

// Each record is an element that contains elements of text: `<request
// id="1"><ip>...`. The field of an attribute "id" of the outer element is named
// "requestId".
std::unique_ptr<LogReader> make_xml_reader(const NamedFormat& format,
                                           const FieldChoice& choice);

// Comma-separated values, quoted or not (RFC 4180, but without line ends in
// quotes). A first record that contains names is a header; without one, the
// columns are those in API Gateway's documentation for REST APIs, or for HTTP
// APIs.
std::unique_ptr<LogReader> make_csv_reader(const NamedFormat& format,
                                           const FieldChoice& choice);

// W3C Extended Log File Format: "#Fields:" has the names of the columns,
// separated by tabs or blanks.
std::unique_ptr<LogReader> make_w3c_reader(const NamedFormat& format,
                                           const FieldChoice& choice);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_NAMED_READER_H_
