// weir's example gateway. See docs/gateway.md.

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "examples/gateway/gateway.h"
#include "examples/gateway/key_file.h"
#include "json/text.h"
#include "plan/plan_error.h"
#include "plan/plan_json.h"

ABSL_FLAG(std::string, plan, "",
          "JSON file with the usage plan, as GetUsagePlan prints it");
ABSL_FLAG(std::string, keys, "",
          "CSV file with the API keys, a line each: key,name,enabled");
ABSL_FLAG(int32_t, port, 8080, "port on 127.0.0.1; 0: any that is free");
ABSL_FLAG(int32_t, threads, 16,
          "connections that are served at a time, 1 to 256");
ABSL_FLAG(std::string, headers, "ietf",
          "rate limit headers: off, delta or epoch (X-RateLimit-*), or ietf "
          "(RateLimit)");

namespace weir {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;

int complain(int exit_status, const std::string& message) {
  std::fprintf(stderr, "gateway: %s\n", message.c_str());
  return exit_status;
}

absl::StatusOr<std::string> read_file(const std::string& name) {
  std::string text;
  if (std::FILE* file = std::fopen(name.c_str(), "rb")) {
    char buffer[4096];
    while (const size_t size = std::fread(buffer, 1, sizeof(buffer), file)) {
      text.append(buffer, size);
    }
    const bool complete = std::ferror(file) == 0;
    std::fclose(file);
    if (complete) return text;
  }
  return absl::NotFoundError(
      absl::StrCat("cannot read ", name, ": ", std::strerror(errno)));
}

// What `parse` makes of the file.
template <class Parse>
auto load(const std::string& name, Parse parse) -> decltype(parse("")) {
  const auto text = read_file(name);
  if (!text.ok()) return text.status();
  auto parsed = parse(*text);
  if (!parsed.ok()) return with_prefix(parsed.status(), name + ": ");
  return parsed;
}

std::optional<HeaderFormat> header_format(const std::string& name) {
  if (name == "off") return HeaderFormat::kOff;
  if (name == "delta") return HeaderFormat::kXRateLimitDelta;
  if (name == "epoch") return HeaderFormat::kXRateLimitEpoch;
  if (name == "ietf") return HeaderFormat::kIetfDraft10;
  return std::nullopt;
}

int run() {
  const std::string plan_file = absl::GetFlag(FLAGS_plan);
  const std::string key_file = absl::GetFlag(FLAGS_keys);
  if (plan_file.empty() || key_file.empty()) {
    return complain(kUsage, "--plan and --keys are needed; see --help");
  }
  const auto headers = header_format(absl::GetFlag(FLAGS_headers));
  if (!headers) {
    return complain(kUsage, "--headers is one of off, delta, epoch, ietf");
  }
  SmallGatewayOptions options;
  options.headers = *headers;
  options.port = absl::GetFlag(FLAGS_port);
  if (options.port < 0 || options.port > 65535) {
    return complain(kUsage, "--port is from 0 to 65535");
  }
  options.threads = absl::GetFlag(FLAGS_threads);
  if (options.threads < 1 || options.threads > 256) {
    return complain(kUsage, "--threads is from 1 to 256");
  }

  const auto plan = load(plan_file, usage_plan_from_json);
  if (!plan.ok())
    return complain(kFailure, std::string(plan.status().message()));
  const auto keys = load(key_file, parse_key_file);
  if (!keys.ok())
    return complain(kFailure, std::string(keys.status().message()));

  // Before there are threads, so that the signals are for sigtimedwait() alone.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto gateway = SmallGateway::start(*plan, *keys, options);
  if (!gateway.ok()) {
    return complain(kFailure, std::string(gateway.status().message()));
  }
  std::printf(
      "listening on http://127.0.0.1:%d; usage plan: %s; API keys: %zu\n",
      (*gateway)->port(), (*gateway)->plan_id().c_str(), keys->size());
  std::fflush(stdout);

  const timespec second = {1, 0};
  while (sigtimedwait(&signals, nullptr, &second) < 0) {
    if (!(*gateway)->serving()) return complain(kFailure, "stopped serving");
  }
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "serves HTTP on the loopback interface under a usage plan\n"
      "  gateway --plan=plan.json --keys=keys.csv [--port=8080]");
  const auto arguments = absl::ParseCommandLine(argc, argv);
  if (arguments.size() > 1) {
    return weir::complain(weir::kUsage, "unexpected argument; see --help");
  }
  return weir::run();
}
