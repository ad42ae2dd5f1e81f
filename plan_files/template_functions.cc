#include "weir/plan_files/template_functions.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"

namespace weir {
namespace {

using Kind = DocumentNode::Kind;

constexpr int kMaxDepth = 32;
// A template with a hundred plans needs a few thousand.
constexpr int kMaxSteps = 100'000;
constexpr std::size_t kMaxText = 4096;

constexpr std::string_view kPseudo = "AWS::";
constexpr std::string_view kFunction = "Fn::";
constexpr std::string_view kDynamic = "{{resolve:";

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

Resolved reference(std::string name, std::string why) {
  Resolved resolved;
  resolved.name = std::move(name);
  resolved.why = std::move(why);
  return resolved;
}

Resolved malformed(std::string_view function, std::string_view expected) {
  return reference("", absl::StrCat(internal::to_absl(function), ": expected ",
                                    internal::to_absl(expected)));
}

// Whether `node` is a function call: a mapping with one member, the function.
bool is_call(const DocumentNode& node) {
  return node.is_mapping() && node.names.size() == 1 &&
         (node.names[0] == "Ref" || starts_with(node.names[0], kFunction));
}

bool is_list_of(const DocumentNode& node, std::size_t least, std::size_t most) {
  return node.is_sequence() && node.items.size() >= least &&
         node.items.size() <= most;
}

}  // namespace

Resolved TemplateFunctions::resolve(const DocumentNode& node) {
  if (node.is_text() && starts_with(node.text, kDynamic)) {
    std::string_view name = std::string_view(node.text).substr(kDynamic.size());
    name = name.substr(0, name.find("}}"));
    return reference(std::string(name),
                     "a dynamic reference, which a deployment resolves");
  }
  if (!is_call(node)) {
    Resolved value;
    value.node = &node;
    return value;
  }
  if (depth_ == kMaxDepth || ++steps_ > kMaxSteps) {
    return reference(
        "", absl::StrCat(node.names[0], ": too many functions in one another"));
  }
  ++depth_;
  Resolved value = call(node.names[0], node.items[0]);
  --depth_;
  return value;
}

Resolved TemplateFunctions::call(std::string_view function,
                                 const DocumentNode& argument) {
  if (function == "Ref") {
    return argument.is_text() ? ref(argument.text) : malformed("Ref", "a name");
  }
  if (function == "Fn::GetAtt") return get_att(argument);
  if (function == "Fn::Sub") return sub(argument);
  if (function == "Fn::Join") return join(argument);
  if (function == "Fn::If") return choose(argument);
  if (function == "Fn::FindInMap") return find_in_map(argument);
  if (function == "Fn::Select") return select(argument);
  if (function == "Fn::Split") return split(argument);
  if (function == "Fn::ImportValue") {
    const std::string name = text_of(resolve(argument));
    return reference(name, absl::StrCat("an export of another stack, ",
                                        internal::excerpt(name)));
  }
  return reference(std::string(function.substr(kFunction.size())),
                   absl::StrCat(internal::to_absl(function),
                                " is known only to a deployment"));
}

Resolved TemplateFunctions::ref(const std::string& name) {
  if (name == "AWS::NoValue") return Resolved();
  if (starts_with(name, kPseudo)) {
    return reference(name.substr(kPseudo.size()),
                     absl::StrCat(name, " is known only to a deployment"));
  }
  const DocumentNode* const parameters = root_.find("Parameters");
  const DocumentNode* const parameter =
      parameters == nullptr ? nullptr : parameters->find(name);
  if (parameter == nullptr) {
    const DocumentNode* const resources = root_.find("Resources");
    const bool is_resource =
        resources != nullptr && resources->find(name) != nullptr;
    return reference(name, is_resource
                               ? absl::StrCat("a reference to the resource ",
                                              internal::excerpt(name),
                                              ", known only to a deployment")
                               : absl::StrCat("there is no parameter ",
                                              internal::excerpt(name)));
  }
  const DocumentNode* const type = parameter->find("Type");
  if (type != nullptr && starts_with(type->text, "AWS::SSM::")) {
    return reference(name, absl::StrCat("the parameter ", name,
                                        " is read from SSM by a deployment"));
  }
  const DocumentNode* const value = parameter->find("Default");
  if (value == nullptr || !value->is_scalar()) {
    return reference(name,
                     absl::StrCat("the parameter ", name, " has no Default"));
  }
  if (type != nullptr && (type->text == "CommaDelimitedList" ||
                          starts_with(type->text, "List<"))) {
    return list(absl::StrSplit(value->text, ','), value->line);
  }
  return resolve(*value);
}

Resolved TemplateFunctions::get_att(const DocumentNode& argument) {
  std::string name = argument.text;
  if (argument.is_sequence()) {
    std::vector<std::string> parts;
    for (const DocumentNode& item : argument.items) {
      parts.push_back(text_of(resolve(item)));
    }
    name = absl::StrJoin(parts, ".");
  }
  return reference(name, absl::StrCat(internal::excerpt(name),
                                      " is known only to a deployment"));
}

// `text`, or [text, {name: value}].
Resolved TemplateFunctions::sub(const DocumentNode& argument) {
  const DocumentNode* const pattern =
      argument.is_sequence() && !argument.items.empty() ? &argument.items[0]
                                                        : &argument;
  const DocumentNode* const variables =
      argument.is_sequence() && argument.items.size() == 2 ? &argument.items[1]
                                                           : nullptr;
  if (!pattern->is_scalar()) return malformed("Fn::Sub", "text");
  std::string_view rest = pattern->text;
  std::string out, why;
  while (!rest.empty() && out.size() <= kMaxText) {
    const std::size_t open = rest.find("${");
    const std::size_t close =
        open == rest.npos ? rest.npos : rest.find('}', open);
    if (close == rest.npos) break;
    absl::StrAppend(&out, internal::to_absl(rest.substr(0, open)));
    const std::string name(rest.substr(open + 2, close - open - 2));
    rest.remove_prefix(close + 1);
    if (starts_with(name, "!")) {  // Literal text.
      absl::StrAppend(&out, "${", name.substr(1), "}");
      continue;
    }
    const DocumentNode* const variable =
        variables == nullptr ? nullptr : variables->find(name);
    const Resolved value = variable != nullptr ? resolve(*variable) : ref(name);
    if (value.is_reference() && why.empty()) why = value.why;
    absl::StrAppend(&out, text_of(value));
  }
  absl::StrAppend(&out, internal::to_absl(rest.substr(0, kMaxText)));
  return why.empty() ? text(std::move(out), argument.line)
                     : reference(std::move(out), std::move(why));
}

// [delimiter, [values]]
Resolved TemplateFunctions::join(const DocumentNode& argument) {
  if (!is_list_of(argument, 2, 2)) {
    return malformed("Fn::Join", "a delimiter and a list");
  }
  const Resolved values = resolve(argument.items[1]);
  if (values.is_reference()) return values;
  if (values.is_absent() || !values.node->is_sequence()) {
    return malformed("Fn::Join", "a delimiter and a list");
  }
  std::string out, why;
  for (const DocumentNode& item : values.node->items) {
    const Resolved value = resolve(item);
    if (value.is_reference() && why.empty()) why = value.why;
    absl::StrAppend(
        &out, &item == &values.node->items[0] ? "" : argument.items[0].text,
        text_of(value));
    if (out.size() > kMaxText) return malformed("Fn::Join", "a shorter text");
  }
  return why.empty() ? text(std::move(out), argument.line)
                     : reference(std::move(out), std::move(why));
}

// [condition, value if it holds, value if not]
Resolved TemplateFunctions::choose(const DocumentNode& argument) {
  if (!is_list_of(argument, 3, 3) || !argument.items[0].is_text()) {
    return malformed("Fn::If", "a condition and two values");
  }
  const Truth truth = condition(argument.items[0].text);
  if (!truth.why.empty()) return reference(argument.items[0].text, truth.why);
  return resolve(argument.items[truth.value ? 1 : 2]);
}

// [map, first name, second name]
Resolved TemplateFunctions::find_in_map(const DocumentNode& argument) {
  if (!is_list_of(argument, 3, 4)) {
    return malformed("Fn::FindInMap", "a map and two names");
  }
  const DocumentNode* at = root_.find("Mappings");
  std::string path = "Mappings";
  for (std::size_t i = 0; i < 3; ++i) {
    const Resolved name = resolve(argument.items[i]);
    if (name.is_reference()) return name;
    path = member_path(path, text_of(name));
    at = at == nullptr ? nullptr : at->find(text_of(name));
    if (at == nullptr) {
      return reference("", absl::StrCat("there is no ", path));
    }
  }
  return resolve(*at);
}

// [index, list]
Resolved TemplateFunctions::select(const DocumentNode& argument) {
  constexpr std::string_view kExpected = "the number of an element and a list";
  if (!is_list_of(argument, 2, 2)) return malformed("Fn::Select", kExpected);
  const Resolved index = resolve(argument.items[0]);
  const Resolved values = resolve(argument.items[1]);
  if (index.is_reference()) return index;
  if (values.is_reference()) return values;
  const std::optional<std::int64_t> number =
      index.is_absent() ? std::nullopt : index.node->integer();
  if (!number.has_value() || values.is_absent() ||
      !values.node->is_sequence() || *number < 0 ||
      static_cast<std::size_t>(*number) >= values.node->items.size()) {
    return malformed("Fn::Select", kExpected);
  }
  return resolve(values.node->items[static_cast<std::size_t>(*number)]);
}

// [delimiter, text]
Resolved TemplateFunctions::split(const DocumentNode& argument) {
  if (!is_list_of(argument, 2, 2) || argument.items[0].text.empty()) {
    return malformed("Fn::Split", "a delimiter and text");
  }
  const Resolved value = resolve(argument.items[1]);
  if (value.is_reference()) return value;
  return list(absl::StrSplit(text_of(value), argument.items[0].text),
              argument.line);
}

TemplateFunctions::Truth TemplateFunctions::condition(const std::string& name) {
  const DocumentNode* const conditions = root_.find("Conditions");
  const DocumentNode* const expression =
      conditions == nullptr ? nullptr : conditions->find(name);
  if (expression == nullptr) {
    return {false,
            absl::StrCat("there is no condition ", internal::excerpt(name))};
  }
  Truth result = truth(*expression);
  if (!result.why.empty()) {
    result.why =
        absl::StrCat("the condition ", name, " is not known: ", result.why);
  }
  return result;
}

TemplateFunctions::Truth TemplateFunctions::truth(
    const DocumentNode& expression) {
  const auto unknown = [](std::string why) { return Truth{false, why}; };
  if (depth_ == kMaxDepth || ++steps_ > kMaxSteps) {
    return unknown("too many functions in one another");
  }
  if (!expression.is_mapping() || expression.names.size() != 1) {
    return unknown("expected a function of conditions");
  }
  const std::string& function = expression.names[0];
  const DocumentNode& argument = expression.items[0];
  ++depth_;
  Truth result;
  if (function == "Condition") {
    const DocumentNode* const conditions = root_.find("Conditions");
    const DocumentNode* const other =
        conditions == nullptr ? nullptr : conditions->find(argument.text);
    result = other == nullptr
                 ? unknown(absl::StrCat("there is no condition ",
                                        internal::excerpt(argument.text)))
                 : truth(*other);
  } else if (function == "Fn::Equals" && is_list_of(argument, 2, 2)) {
    const Resolved left = resolve(argument.items[0]);
    const Resolved right = resolve(argument.items[1]);
    if (left.is_reference() || right.is_reference()) {
      result = unknown(left.is_reference() ? left.why : right.why);
    } else {
      result.value = text_of(left) == text_of(right);
    }
  } else if (function == "Fn::Not" && is_list_of(argument, 1, 1)) {
    result = truth(argument.items[0]);
    result.value = !result.value;
  } else if ((function == "Fn::And" || function == "Fn::Or") &&
             is_list_of(argument, 1, 10)) {
    const bool decides = function == "Fn::Or";
    result.value = !decides;
    for (const DocumentNode& item : argument.items) {
      const Truth one = truth(item);
      if (one.why.empty() && one.value == decides) {
        result = one;
        break;
      }
      if (result.why.empty()) result.why = one.why;
    }
  } else {
    result = unknown(absl::StrCat(function, " is known only to a deployment"));
  }
  --depth_;
  return result;
}

std::string TemplateFunctions::text_of(const Resolved& value) {
  return value.node == nullptr ? value.name : value.node->text;
}

Resolved TemplateFunctions::text(std::string text, std::int32_t line) {
  DocumentNode node;
  node.kind = Kind::kText;
  node.line = line;
  node.text = std::move(text);
  return hold(std::move(node));
}

Resolved TemplateFunctions::list(std::vector<std::string> items,
                                 std::int32_t line) {
  DocumentNode node;
  node.kind = Kind::kSequence;
  node.line = line;
  for (std::string& item : items) {
    DocumentNode& element = node.items.emplace_back();
    element.kind = Kind::kText;
    element.line = line;
    element.text = std::move(item);
  }
  return hold(std::move(node));
}

Resolved TemplateFunctions::hold(DocumentNode node) {
  made_.push_back(std::move(node));
  Resolved value;
  value.node = &made_.back();
  return value;
}

}  // namespace weir
