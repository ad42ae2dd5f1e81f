// Benchmarks JSON Patch by itself, on plain JSON, against nlohmann::json on the
// same texts.
//
// Each iteration leaves the document as it found it: it applies a patch and
// then the one that undoes it, or one patch whose operations undo each other.
//
// The floor, "nlohmann", is its patch(), which returns a patched copy and so,
// like ours, leaves the document alone on an error. "nlohmann in place" is its
// patch_inplace(), which may leave it half patched.

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"
#include "nlohmann/json.hpp"
#include "weir/benchmarks/ratio_reporter.h"
#include "weir/json/json_reader.h"
#include "weir/patch/json_patch.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

using ::google::protobuf::Message;
using ::nlohmann::json;

// Texts: a document, and the patches that lead from it and back to it.
struct Task {
  std::string name;
  std::string document;
  std::vector<std::string> patches;
};

std::string throttle(int burst) {
  return absl::StrCat(R"({"rateLimit":1.5,"burstLimit":)", burst, "}");
}

// 10 stages of 20 methods.
Task plan_task() {
  std::string stages;
  for (int stage = 0; stage < 10; ++stage) {
    absl::StrAppend(&stages, stage > 0 ? "," : "", R"({"apiId":"api)", stage,
                    R"(","stage":"prod","throttle":{)");
    for (int method = 0; method < 20; ++method) {
      absl::StrAppend(&stages, method > 0 ? "," : "", R"("/pets/)", method,
                      R"(/GET":)", throttle(method));
    }
    absl::StrAppend(&stages, "}}");
  }
  return {"plan, 2x6 ops",
          absl::StrCat(R"({"name":"basic","description":"d",)"
                       R"("throttle":{"rateLimit":10.0,"burstLimit":20},)"
                       R"("quota":{"limit":500,"period":"MONTH"},)"
                       R"("apiStages":[)",
                       stages, "]}"),
          {absl::StrCat(
               R"([{"op":"replace","path":"/throttle/rateLimit","value":20.0},
                   {"op":"replace","path":"/quota/limit","value":1000},
                   {"op":"add","path":"/apiStages/-",
                    "value":{"apiId":"new","stage":"prod"}},
                   {"op":"replace",
                    "path":"/apiStages/3/throttle/~1pets~17~1GET/burstLimit",
                    "value":99},
                   {"op":"add","path":"/apiStages/4/throttle/~1new~1GET",
                    "value":)",
               throttle(5), R"(},
                   {"op":"remove","path":"/description"}])"),
           R"([{"op":"add","path":"/description","value":"d"},
               {"op":"remove","path":"/apiStages/4/throttle/~1new~1GET"},
               {"op":"replace",
                "path":"/apiStages/3/throttle/~1pets~17~1GET/burstLimit",
                "value":7},
               {"op":"remove","path":"/apiStages/10"},
               {"op":"replace","path":"/quota/limit","value":500},
               {"op":"replace","path":"/throttle/rateLimit","value":10.0}])"}};
}

constexpr int kMany = 10000;

Task object_task() {
  std::string members;
  for (int i = 0; i < kMany; ++i) {
    absl::StrAppend(&members, i > 0 ? "," : "", "\"member", i, "\":\"x\"");
  }
  return {"10k members, 2x1 op",
          absl::StrCat("{", members, "}"),
          {R"([{"op":"replace","path":"/member5000","value":"y"}])",
           R"([{"op":"replace","path":"/member5000","value":"x"}])"}};
}

Task array_task() {
  std::string elements = "0";
  for (int i = 1; i < kMany; ++i) absl::StrAppend(&elements, ",", i);
  return {"10k elements, 2x1 op",
          absl::StrCat("[", elements, "]"),
          {R"([{"op":"replace","path":"/5000","value":-1}])",
           R"([{"op":"replace","path":"/5000","value":5000}])"}};
}

Task long_task() {
  std::string operations;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&operations, i > 0 ? "," : "",
                    R"({"op":"test","path":"/b/c","value":"x"},
                       {"op":"add","path":"/a/1","value":9},
                       {"op":"copy","from":"/a/1","path":"/b/d"},
                       {"op":"replace","path":"/b/d","value":"y"},
                       {"op":"move","from":"/b/d","path":"/e"},
                       {"op":"add","path":"/a/-","value":{"k":null}},
                       {"op":"remove","path":"/a/4"},
                       {"op":"remove","path":"/a/1"},
                       {"op":"remove","path":"/e"},
                       {"op":"replace","path":"/b/c","value":"x"})");
  }
  return {"small, 1000 ops",
          R"({"a":[1,2,3],"b":{"c":"x"}})",
          {absl::StrCat("[", operations, "]")}};
}

std::string name_of(const char* how, const Task& task) {
  return absl::StrCat("patch/", how, "/", task.name);
}

constexpr char kFloor[] = "nlohmann";

void run_here(benchmark::State& state, const Task& task, Message* document) {
  std::vector<std::vector<v1::PatchOperation>> patches;
  for (const std::string& text : task.patches) {
    patches.push_back(*patch_operations_from_json(text));
  }
  const std::string before = document->DebugString();
  for (auto _ : state) {
    for (const auto& patch : patches) {
      const absl::Status status = patch::apply_json_patch(patch, document);
      if (!status.ok()) {
        return state.SkipWithError(std::string(status.message()).c_str());
      }
    }
  }
  if (document->DebugString() != before) {
    state.SkipWithError("the document is not what it was");
  }
  state.SetLabel(compared_with({name_of(kFloor, task)}));
}

void run_there(benchmark::State& state, const Task& task, bool in_place) {
  std::vector<json> patches;
  for (const std::string& text : task.patches) {
    patches.push_back(json::parse(text));
  }
  json document = json::parse(task.document);
  const json before = document;
  for (auto _ : state) {
    for (const json& patch : patches) {
      if (in_place) {
        document.patch_inplace(patch);
      } else {
        document = document.patch(patch);
      }
    }
  }
  if (document != before) {
    state.SkipWithError("the document is not what it was");
  }
}

void add_benchmark(const std::string& name,
                   const std::function<void(benchmark::State&)>& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime();
}

const bool kRegistered = [] {
  for (const Task& task :
       {plan_task(), object_task(), array_task(), long_task()}) {
    add_benchmark(name_of(kFloor, task), [task](benchmark::State& state) {
      run_there(state, task, false);
    });
    add_benchmark(
        name_of("nlohmann in place", task),
        [task](benchmark::State& state) { run_there(state, task, true); });
    add_benchmark(name_of("weir", task), [task](benchmark::State& state) {
      auto document = *parse_json(task.document);
      run_here(state, task, &document);
    });
  }
  const Task task = plan_task();
  add_benchmark(name_of("weir typed", task), [task](benchmark::State& state) {
    auto document = *usage_plan_from_json(task.document);
    run_here(state, task, &document);
  });
  return true;
}();

}  // namespace
}  // namespace weir
