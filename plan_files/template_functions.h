// CloudFormation's functions, as far as a template alone says what they come
// to.

#ifndef WEIR_PLAN_FILES_TEMPLATE_FUNCTIONS_H_
#define WEIR_PLAN_FILES_TEMPLATE_FUNCTIONS_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "documents/document_node.h"
#include "plan_files/plan_builder.h"

namespace weir {

// Resolves functions in a template:
//   Ref             of a parameter: its Default, unless a deployment reads that
//                   from elsewhere; of anything else: a reference of its name
//   Fn::GetAtt      a reference: "Api.RootResourceId"
//   Fn::ImportValue a reference of the export's name
//   {{resolve:...}} a reference of what it resolves
//   Fn::Sub, Fn::Join   text; a reference if a part of it is one
//   Fn::If          what its condition, worked out from parameters, chooses;
//                   AWS::NoValue is nothing
//   Fn::FindInMap, Fn::Select, Fn::Split   what they give
// Any other function is a reference. What is malformed, or needs itself, is a
// reference without a name that says so. *thread-compatible*
class TemplateFunctions : public Resolver {
 public:
  // `root` outlives this: an object, which may have Parameters, Conditions and
  // Mappings.
  explicit TemplateFunctions(const DocumentNode& root) : root_(root) {}

  Resolved resolve(const DocumentNode& node) override;

 private:
  // Of a condition.
  struct Truth {
    bool value = false;
    std::string why;  // not "": it is not known
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

  // The text that a resolved value is, or that a reference is called.
  static std::string text_of(const Resolved& value);
  Resolved text(std::string text, std::int32_t line);
  Resolved list(std::vector<std::string> items, std::int32_t line);
  Resolved hold(DocumentNode node);

  const DocumentNode& root_;
  std::deque<DocumentNode> made_;  // addresses stay
  int depth_ = 0;                  // functions inside one another
  int steps_ = 0;                  // functions so far
};

}  // namespace weir

#endif  // WEIR_PLAN_FILES_TEMPLATE_FUNCTIONS_H_
