// Kills processes that use the library with a store, as often as time allows,
// and checks that nothing is lost.

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "weir/base/text.h"
#include "weir/tests/torture/child.h"
#include "weir/tests/torture/parent.h"

namespace weir::torture {
namespace {

constexpr int kAllRight = 0;
constexpr int kWrong = 1;
constexpr int kUsage = 2;

constexpr std::string_view kHelp =
    R"(usage: torture [--seconds=N] [--seed=N] [--folder=PATH] [--memory]

Starts a process that makes requests and changes plans, and kills it; looks
whether all that it was told to be done is there; and goes on from there.

  --seconds=N    for so long (20)
  --seed=N       which calls are made; when they are killed is not repeatable
  --folder=PATH  on which file system: a folder is made there (TEST_TMPDIR, or
                 /tmp) and removed at the end, unless something is wrong
  --memory       without a store, and no process is killed

Exits with 0 if all was right, 1 if not, 2 if it could not begin.
)";

struct Arguments {
  ParentOptions parent;
  ChildFiles files;
  std::string child;
  bool help = false;
};

bool parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const size_t equals = arg.find('=');
    const std::string_view name = arg.substr(0, equals);
    const std::string value(
        equals == std::string_view::npos ? "" : arg.substr(equals + 1));
    const auto number = [&](int64_t& n) {
      return absl::SimpleAtoi(value, &n) && n >= 0;
    };
    bool ok = true;
    if (name == "--seconds") {
      ok = number(arguments.parent.seconds);
    } else if (name == "--seed") {
      ok = number(arguments.parent.seed);
    } else if (name == "--folder") {
      ok = !value.empty();  // a variable that is not set is no folder
      arguments.parent.folder = value;
    } else if (arg == "--memory") {
      arguments.parent.memory = true;
    } else if (arg == "--help") {
      arguments.help = true;
    } else if (name == "--child") {
      arguments.child = value;
    } else if (name == "--pages") {
      arguments.files.pages = value;
    } else if (name == "--store") {
      arguments.files.store = value;
    } else if (name == "--observation") {
      arguments.files.observation = value;
    } else {
      ok = false;
    }
    if (!ok) {
      std::cerr << "torture: " << arg << "?\n" << kHelp;
      return false;
    }
  }
  return true;
}

// Makes a folder of our own there. "" if it cannot.
std::string make_folder(std::string where) {
  if (where.empty()) {
    const char* const given = std::getenv("TEST_TMPDIR");
    where = given == nullptr ? "/tmp" : given;
  }
  std::string path = where + "/weir-torture-XXXXXX";
  return mkdtemp(path.data()) == nullptr ? "" : path;
}

int run(Arguments& arguments) {
  if (arguments.help) {
    std::cout << kHelp;
    return kAllRight;
  }
  if (arguments.child == "work") return work(arguments.files);
  if (arguments.child == "check") return check(arguments.files);
  ParentOptions& options = arguments.parent;
  const std::string folder = make_folder(options.folder);
  if (folder.empty()) {
    std::cerr << "torture: no folder can be made in \"" << options.folder
              << "\"\n";
    return kUsage;
  }
  options.folder = folder;
  const absl::Status status = Parent(options).run();
  if (status.ok()) {
    std::filesystem::remove_all(folder);
    return kAllRight;
  }
  std::cout << "torture: --seed=" << options.seed << ": " << status.message()
            << "\ntorture: everything is left in " << folder << "\n";
  return kWrong;
}

}  // namespace
}  // namespace weir::torture

int main(int argc, char** argv) {
  weir::torture::Arguments arguments;
  if (!weir::torture::parse(argc, argv, arguments)) {
    return weir::torture::kUsage;
  }
  return weir::torture::run(arguments);
}
