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

#include "weir/documents/document_node.h"
#include "weir/plan_files/filed_plan.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// The resolution of a document's value, one of three: a value; absent, as if it
// were not written; or a reference, whose value is known only later.
struct Resolved {
  const DocumentNode* node = nullptr;
  // For a reference: its name, and why its value is not known.
  std::string name;
  std::string why;

  bool is_reference() const { return node == nullptr && !why.empty(); }
  bool is_absent() const { return node == nullptr && why.empty(); }
};

// Resolves what a kind of document has instead of plain values: references and
// functions.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // Resolves `node`. Both `node` and the result live as long as the resolver.
  virtual Resolved resolve(const DocumentNode& node) = 0;
};

// A value and its location in the document.
struct At {
  Resolved value;
  DocumentPlace place;
};

// The names of the members of throttles and quotas in a kind of document.
struct LimitNames {
  std::string_view rate, burst, limit, offset, period;
};

// Reads values into a plan. An error becomes a problem of the plan, and reading
// continues. Pointers are those of the plan. *thread-compatible*
class PlanBuilder {
 public:
  // REQUIRES: both outlive this.
  PlanBuilder(Resolver& resolver, FiledPlan* filed)
      : resolver_(resolver), filed_(*filed) {}

  v1::UsagePlan& plan() { return filed_.plan; }

  void fail(const DocumentPlace& place, std::string message);
  // Sets the place of the plan, and its name unless a name is read later.
  void begin(const DocumentPlace& place, std::string_view default_name);

  // Sets the place of `pointer`, if none of the functions below reads its
  // value.
  void set_place(std::string pointer, const DocumentPlace& place) {
    filed_.places.add(std::move(pointer), place);
  }

  At at(const DocumentNode& node, std::string path);
  // The member; nullopt if it is absent.
  std::optional<At> member(const At& object, std::string_view name);
  // The elements that are not absent; none if it is not a list, which is a
  // problem.
  std::vector<At> elements(const At& list);
  // Whether it is an object; if not, adds a problem.
  bool is_object(const At& value);
  // Adds a problem for each member of an object with another name.
  void expect_members(const At& object,
                      std::initializer_list<std::string_view> names);

  // These set `out` and the place of `pointer` from the member of an object; if
  // it is absent, only the place.
  void read_text(const At& object, std::string_view name, std::string pointer,
                 std::string* out);
  // The same for one part of `apiId:stage`.
  void read_stage_name(const At& object, std::string_view name,
                       std::string pointer, std::string* out);
  void read_throttle(const At& object, const LimitNames& names,
                     const std::string& pointer, v1::ThrottleSettings* out);
  void read_quota(const At& object, const LimitNames& names,
                  v1::QuotaSettings* out);
  // The throttle of a method, which may have any of its spellings.
  void read_method(const At& object, const LimitNames& names,
                   std::string_view spelling, int stage, v1::ApiStage* out);
  void read_tag(std::string_view key, const At& value);

  // The text of a scalar, or the name of a reference. For anything else, adds a
  // problem and returns nullopt.
  std::optional<std::string> text(const At& value);

 private:
  void read_integer(const At& object, std::string_view name,
                    std::string pointer, std::int64_t* out);
  void read_number(const At& object, std::string_view name, std::string pointer,
                   double* out);
  std::optional<At> find(const At& object, std::string_view name,
                         std::string pointer);
  // Returns false, and adds a problem, for a reference.
  bool is_known(const At& value);

  Resolver& resolver_;
  FiledPlan& filed_;
};

}  // namespace weir

#endif  // WEIR_PLAN_FILES_PLAN_BUILDER_H_
