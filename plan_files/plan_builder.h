// Fills a usage plan from a document, value by value.

#ifndef WEIR_PLAN_FILES_PLAN_BUILDER_H_
#define WEIR_PLAN_FILES_PLAN_BUILDER_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "documents/document_node.h"
#include "plan_files/filed_plan.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// What a value of a document comes to. One of three: a value; nothing, as if it
// were not written; or a reference, whose value is known later.
struct Resolved {
  const DocumentNode* node = nullptr;
  // Of a reference: what to call it, and why its value is not known.
  std::string name;
  std::string why;

  bool is_reference() const { return node == nullptr && !why.empty(); }
  bool is_absent() const { return node == nullptr && why.empty(); }
};

// What a kind of document has instead of plain values: references, functions.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // What `node` comes to. It and what is returned live as long as the resolver.
  virtual Resolved resolve(const DocumentNode& node) = 0;
};

// A value and what its writer calls its place.
struct At {
  Resolved value;
  DocumentPlace place;
};

// How a kind of document calls the members of throttles and quotas.
struct LimitNames {
  std::string_view rate, burst, limit, offset, period;
};

// Reads values into a plan. What is wrong becomes a problem of the plan, and
// the rest is read. Pointers are those of the plan. *thread-compatible*
class PlanBuilder {
 public:
  // REQUIRES: both outlive this.
  PlanBuilder(Resolver& resolver, FiledPlan* filed)
      : resolver_(resolver), filed_(*filed) {}

  v1::UsagePlan& plan() { return filed_.plan; }

  void fail(const DocumentPlace& place, std::string message);
  // The plan itself, and its name unless it is given one.
  void begin(const DocumentPlace& place, std::string_view default_name);

  // Where the value of `pointer` is, if none of the functions below reads it.
  void set_place(std::string pointer, const DocumentPlace& place) {
    filed_.places.add(std::move(pointer), place);
  }

  At at(const DocumentNode& node, std::string path);
  // The member; nothing if it is not there.
  std::optional<At> member(const At& object, std::string_view name);
  // The elements that are there; none if it is no list, which is a problem.
  std::vector<At> elements(const At& list);
  // Whether it is an object; if not, that is a problem.
  bool is_object(const At& value);
  // A problem for each member of an object that is called otherwise.
  void expect_members(const At& object,
                      std::initializer_list<std::string_view> names);

  // Set `out`, and the place of `pointer`, from the member of an object; if the
  // member is not there, the place alone.
  void read_text(const At& object, std::string_view name, std::string pointer,
                 std::string* out);
  // The same for one half of `apiId:stage`.
  void read_stage_name(const At& object, std::string_view name,
                       std::string pointer, std::string* out);
  void read_throttle(const At& object, const LimitNames& names,
                     const std::string& pointer, v1::ThrottleSettings* out);
  void read_quota(const At& object, const LimitNames& names,
                  v1::QuotaSettings* out);
  // The throttle of a method, called by any of its spellings.
  void read_method(const At& object, const LimitNames& names,
                   std::string_view spelling, int stage, v1::ApiStage* out);
  void read_tag(std::string_view key, const At& value);

  // The text of a scalar; nothing, and a problem, of anything else. A reference
  // is its name.
  std::optional<std::string> text(const At& value);

 private:
  void read_integer(const At& object, std::string_view name,
                    std::string pointer, std::int64_t* out);
  void read_number(const At& object, std::string_view name, std::string pointer,
                   double* out);
  std::optional<At> find(const At& object, std::string_view name,
                         std::string pointer);
  // False, and a problem, for a reference.
  bool is_known(const At& value);

  Resolver& resolver_;
  FiledPlan& filed_;
};

}  // namespace weir

#endif  // WEIR_PLAN_FILES_PLAN_BUILDER_H_
