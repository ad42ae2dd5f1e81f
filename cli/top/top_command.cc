#include "weir/cli/top/top_command.h"

#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "weir/base/text.h"
#include "weir/cli/command_line.h"
#include "weir/cli/input.h"
#include "weir/cli/top/service_client.h"
#include "weir/cli/top/top_report.h"
#include "weir/management/credentials.h"

namespace weir::cli {
namespace {

constexpr char kDescription[] =
    "Shows which API keys a running `weir serve` refuses most, in the current\n"
    "minute and the five before it: how often, by which limit, under which\n"
    "plan. Once, or with --watch every second.\n"
    "\n"
    "Requests are signed with the credentials of --credentials, or with\n"
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the\n"
    "environment; read-only credentials suffice. Without any, they are not\n"
    "signed, which is enough if the service has no credentials.\n"
    "Exit code: 0 shown; 1 the service refused; 2 it did not answer.";

constexpr int kMaxKeys = 100;
constexpr int kNoLimit = std::numeric_limits<int>::max();  // of a line's width
constexpr absl::Duration kInterval = absl::Seconds(1);

struct Flags {
  std::string endpoint = "http://127.0.0.1:8080";
  std::string credentials;
  std::string profile;
  std::string region;
  std::string tls_ca;
  std::string top = "20";
  std::string output = "text";
  bool watch = false;
  bool ascii = false;
};

// The region of the flag, or of AWS's environment variables, or a default.
std::string region_of(const Flags& flags) {
  if (!flags.region.empty()) return flags.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "us-east-1";
}

// Returns nullopt if requests are not to be signed.
absl::StatusOr<std::optional<Credential>> credential_of(const Flags& flags) {
  const auto all = flags.credentials.empty()
                       ? Credentials::from_environment("AWS")
                       : Credentials::from_file(flags.credentials);
  if (!all.ok()) return all.status();
  if (all->empty()) return std::nullopt;
  const Credential* const one = all->find_profile(flags.profile);
  if (one == nullptr) {
    return absl::InvalidArgumentError(
        flags.profile.empty()
            ? absl::StrCat(flags.credentials,
                           ": holds several credentials; --profile=NAME says "
                           "which")
            : absl::StrCat(flags.credentials, ": has no credential of profile ",
                           internal::excerpt(flags.profile)));
  }
  return *one;
}

absl::StatusOr<std::unique_ptr<ServiceClient>> client_of(const Flags& flags) {
  auto credential = credential_of(flags);
  if (!credential.ok()) return credential.status();
  ServiceClientOptions options;
  options.endpoint = flags.endpoint;
  options.credential = *std::move(credential);
  options.region = region_of(flags);
  options.ca_file = flags.tls_ca;
  if (!is_scope_element(options.region)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--region: expected a name such as us-east-1, got ",
                     internal::excerpt(options.region)));
  }
  auto client = ServiceClient::create(std::move(options));
  if (!client.ok())
    return internal::with_prefix(client.status(), "--endpoint: ");
  return client;
}

// Queries the service once and shows the answer.
absl::Status show(ServiceClient& client, const Flags& flags,
                  const Console& console) {
  auto answer = client.get(absl::StrCat("/-/refused-keys?limit=", flags.top));
  if (!answer.ok()) return answer.status();
  const auto report = parse_top_report(*answer);
  if (!report.ok()) {
    return internal::with_prefix(report.status(),
                                 absl::StrCat(flags.endpoint, ": "));
  }
  if (flags.output == "json") {
    console.out << *answer << "\n";
  } else {
    const bool utf8 = console.utf8 && !flags.ascii;
    if (flags.watch && console.out_is_terminal) console.out << "\x1b[H\x1b[2J";
    console.out << top_report_to_text(
        *report, console.out_is_terminal ? console.width : kNoLimit, utf8);
    if (flags.watch && !console.out_is_terminal) console.out << "\n";
  }
  console.out.flush();
  return absl::OkStatus();
}

// Repeats until the output is closed, also while the service is unavailable.
void watch(ServiceClient& client, const Flags& flags, const Console& console) {
  while (console.out.good()) {
    absl::SleepFor(kInterval);
    const absl::Status status = show(client, flags, console);
    if (!status.ok()) report_error(console, status);
  }
}

int exit_code_of(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsNotFound(status) ||
                 absl::IsUnknown(status)
             ? kExitRefused
             : kExitUsage;
}

}  // namespace

int run_top(absl::Span<const std::string> arguments, const Console& console) {
  Flags flags;
  CommandLine line("top [--endpoint=URL] [flags]", kDescription);
  line.add_flag(
      "endpoint", "URL",
      "the service's management address; default http://127.0.0.1:8080",
      &flags.endpoint);
  line.add_flag("credentials", "FILE", "of AWS's format, mode 0600",
                &flags.credentials);
  line.add_flag(
      "profile", "NAME",
      "the profile in the file; default: the only one, or \"default\"",
      &flags.profile);
  line.add_flag(
      "region", "NAME",
      "the region to sign for; default: AWS_REGION, AWS_DEFAULT_REGION or\n"
      "us-east-1",
      &flags.region);
  line.add_flag("tls-ca", "FILE",
                "PEM: trusted authorities; default: the system's",
                &flags.tls_ca);
  line.add_flag("top", "N", "how many keys, up to 100; default 20", &flags.top);
  line.add_flag("watch", "again every second, until it is interrupted",
                &flags.watch);
  line.add_flag("ascii", "write ASCII even if the locale has UTF-8",
                &flags.ascii);
  line.add_flag("output", "text|json",
                "a table (default), or the service's answers, one per line",
                &flags.output);
  if (const auto exit_code = line.parse(arguments, 0, console)) {
    return *exit_code;
  }
  int top;
  if (!is_plain_number(flags.top) || !absl::SimpleAtoi(flags.top, &top) ||
      top < 1 || top > kMaxKeys) {
    return line.usage_error(
        console, absl::StrCat("--top: expected a number from 1 to ", kMaxKeys,
                              ", got ", internal::excerpt(flags.top)));
  }
  if (!flags.profile.empty() && flags.credentials.empty()) {
    return line.usage_error(console, "--profile needs --credentials");
  }
  const auto client = client_of(flags);
  if (!client.ok()) {
    report_error(console, client.status());
    return kExitUsage;
  }
  const absl::Status status = show(**client, flags, console);
  if (!status.ok()) {
    report_error(console, status);
    return exit_code_of(status);
  }
  if (flags.watch) watch(**client, flags, console);
  return kExitOk;
}

}  // namespace weir::cli
