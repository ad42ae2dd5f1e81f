// CloudFormation's functions, as far as a template alone determines their
// results.

#ifndef WEIR_PLAN_FILES_TEMPLATE_FUNCTIONS_H_
#define WEIR_PLAN_FILES_TEMPLATE_FUNCTIONS_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "weir/documents/document_node.h"
#include "weir/plan_files/plan_builder.h"

namespace weir {

// Resolves functions in a template:
//   Ref             of a parameter: its Default, unless a deployment reads that
//                   from elsewhere; of anything else: a reference by its name
//   Fn::GetAtt      a reference: "Api.RootResourceId"
//   Fn::ImportValue a reference by the export's name
//   {{resolve:...}} a reference to what it resolves
//   Fn::Sub, Fn::Join   text; a reference if a part of it is one
//   Fn::If          the value that its condition chooses, which is computed
//                   from parameters; AWS::NoValue is absent
//   Fn::FindInMap, Fn::Select, Fn::Split   their results
// Any other function is a reference. A malformed or circular function is a
// reference without a name, whose `why` says so. *thread-compatible*
class TemplateFunctions : public Resolver {
 public:
  // `root` is an object that may have Parameters, Conditions and Mappings. It
  // must outlive this.
  explicit TemplateFunctions(const DocumentNode& root) : root_(root) {}

  Resolved resolve(const DocumentNode& node) override;

 private:
  // The value of a condition.
  struct Truth {
    bool value = false;
    std::string why;  // If not "", why the value is not known.
  };

  Resolved call(std::string_view function, const DocumentNode& argument);
  Resolved ref(const std::string& name);
  Resolved get_att(const DocumentNode& argument);
  Resolved sub(const DocumentNode& argument);
  Resolved join(const DocumentNode& argument);
  Resolved choose(const DocumentNode& argument);
  Resolved find_in_map(const DocumentNode& argument);
  Resolved select(const DocumentNode& argument);
  Resolved split(const DocumentNode& argument);
  Truth condition(const std::string& name);
  Truth truth(const DocumentNode& expression);

  // The text of a resolved value, or the name of a reference.
  static std::string text_of(const Resolved& value);
  Resolved text(std::string text, std::int32_t line);
  Resolved list(std::vector<std::string> items, std::int32_t line);
  Resolved hold(DocumentNode node);

  const DocumentNode& root_;
  std::deque<DocumentNode> made_;  // Addresses are stable.
  int depth_ = 0;                  // Nested functions.
  int steps_ = 0;                  // Functions so far.
};

}  // namespace weir

#endif  // WEIR_PLAN_FILES_TEMPLATE_FUNCTIONS_H_
