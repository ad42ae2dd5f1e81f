#include "weir/cli/serve/serve_command.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/file_descriptor.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/cli/command_line.h"
#include "weir/cli/input.h"
#include "weir/cli/notices.h"
#include "weir/cli/plan_file.h"
#include "weir/cli/serve/gateway_flags.h"
#include "weir/cli/serve/servers.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/options.h"
#include "weir/enforcer/version.h"
#include "weir/http/listen_socket.h"
#include "weir/http/server.h"
#include "weir/management/access.h"
#include "weir/management/authentication.h"
#include "weir/management/credentials.h"
#include "weir/serve/access_log.h"
#include "weir/serve/collector.h"
#include "weir/serve/service.h"
#include "weir/store/sqlite_store.h"

namespace weir::cli {
namespace {

constexpr char kDescription[] =
    "Serves usage plans. The AWS CLI, AWS's SDKs and Terraform manage plans,\n"
    "keys and usage with this address as their endpoint URL. Clients with API\n"
    "keys call /{apiId}/{stage}/..., as the plans admit. Browsers get a page "
    "at\n"
    "/, and monitoring gets /metrics and /healthz.\n"
    "\n"
    "Management requests are signed with AWS Signature Version 4, with one of\n"
    "the file's credentials, or with WEIR_ACCESS_KEY_ID and\n"
    "WEIR_SECRET_ACCESS_KEY of the environment. Without credentials, every\n"
    "program on this machine may manage plans, and only loopback addresses "
    "and\n"
    "unix sockets are allowed.\n"
    "\n"
    "SIGHUP rereads the credentials, certificate and key files and reopens "
    "the\n"
    "access log; an invalid file changes nothing. SIGTERM and SIGINT stop the\n"
    "service after the requests in progress are answered.\n"
    "Exit code: 0 stopped; 1 the store is damaged; 2 not started.";

// Descriptors that the store, the log, and reading of files need at most.
constexpr int kOtherDescriptors = 64;
// Syncs run every second; after this long without one, the service is
// unhealthy.
constexpr absl::Duration kMaxSyncAge = absl::Minutes(1);
// How long a stopping service waits for files being read or written: longer
// than the access log waits for the reader of a pipe.
constexpr absl::Duration kFilePatience = absl::Seconds(3);

struct Flags {
  std::string store;
  std::string listen = "127.0.0.1:8080";
  std::string gateway_listen;
  std::string credentials;
  std::string region;
  std::string tls_certificate;
  std::string tls_key;
  GatewayFlags gateway;
  std::string access_log;
  std::string offset;
  std::string idle_timeout = "75";
  std::string request_timeout = "30";
  bool restore_counts = false;
};

// Parses "127.0.0.1:80" or "[::1]:80"; "unix:PATH" is an address as a whole.
absl::Status set_address(const std::string& text, HttpServerOptions& options) {
  if (unix_path_of(text).has_value()) {
    options.address = text;
    options.port = 0;
    return absl::OkStatus();
  }
  const size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const std::string port = colon == text.npos ? "" : text.substr(colon + 1);
  if (host.empty() || !is_plain_number(port) ||
      !absl::SimpleAtoi(port, &options.port) || options.port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected ADDRESS:PORT, such as 127.0.0.1:8080, or unix:PATH, got ",
        internal::excerpt(text)));
  }
  options.address = host;
  return absl::OkStatus();
}

absl::Status set_seconds(const std::string& text, absl::Duration& duration) {
  constexpr double kMin = 0.001, kMax = 3600;
  double seconds;
  if (!is_plain_number(text) || !absl::SimpleAtod(text, &seconds) ||
      seconds < kMin || seconds > kMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a number of seconds, ", kMin, " to ", kMax,
                     ", got ", internal::excerpt(text)));
  }
  duration = absl::Seconds(seconds);
  return absl::OkStatus();
}

struct TlsFiles {
  std::string certificate;
  std::string key;
};

absl::StatusOr<TlsFiles> read_tls_files(const Flags& flags,
                                        const Console& console) {
  const auto read = [&](const std::string& path, std::string& text) {
    auto document = read_document(path, console);
    if (!document.ok()) {
      return internal::with_prefix(document.status(), absl::StrCat(path, ": "));
    }
    // An empty document would disable TLS.
    if (document->empty()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": is empty"));
    }
    text = *std::move(document);
    return absl::OkStatus();
  };
  TlsFiles files;
  WEIR_RETURN_IF_ERROR(read(flags.tls_certificate, files.certificate));
  WEIR_RETURN_IF_ERROR(read(flags.tls_key, files.key));
  return files;
}

absl::StatusOr<Listeners> listeners_of(const Flags& flags, bool open,
                                       const Console& console) {
  Listeners listeners;
  HttpServerOptions& options = listeners.management;
  options.other_descriptors = kOtherDescriptors;
  const auto of_flag = [](const char* flag, const absl::Status& status) {
    return internal::with_prefix(status, absl::StrCat("--", flag, ": "));
  };
  if (auto status = set_seconds(flags.idle_timeout, options.idle_timeout);
      !status.ok()) {
    return of_flag("idle-timeout", status);
  }
  if (auto status = set_seconds(flags.request_timeout, options.request_timeout);
      !status.ok()) {
    return of_flag("request-timeout", status);
  }
  if (!flags.region.empty() && !is_scope_element(flags.region)) {
    return of_flag("region", absl::InvalidArgumentError(absl::StrCat(
                                 "expected a name such as us-east-1, got ",
                                 internal::excerpt(flags.region))));
  }
  if (flags.tls_certificate.empty() != flags.tls_key.empty()) {
    return absl::InvalidArgumentError(
        "--tls-certificate and --tls-key belong together");
  }
  if (!flags.tls_key.empty()) {
    auto files = read_tls_files(flags, console);
    if (!files.ok()) return files.status();
    options.tls_certificate = std::move(files->certificate);
    options.tls_key = std::move(files->key);
  }
  if (!flags.gateway_listen.empty()) {
    listeners.gateway = options;
    if (auto status = set_address(flags.gateway_listen, *listeners.gateway);
        !status.ok()) {
      return of_flag("gateway-listen", status);
    }
  }
  if (auto status = set_address(flags.listen, options); !status.ok()) {
    return of_flag("listen", status);
  }
  if (open && !is_loopback_host(flags.listen) &&
      !unix_path_of(flags.listen).has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--listen: without --credentials, the address must be a loopback "
        "address, got ",
        internal::excerpt(flags.listen)));
  }
  return listeners;
}

absl::StatusOr<Credentials> credentials_of(const Flags& flags) {
  return flags.credentials.empty() ? Credentials::from_environment()
                                   : Credentials::from_file(flags.credentials);
}

// `notices` must outlive the enforcer.
absl::StatusOr<std::unique_ptr<Enforcer>> enforcer_of(
    const Flags& flags, std::shared_ptr<Clock> clock, Notices& notices) {
  Options options;
  options.clock = std::move(clock);
  options.quota_offset = plan_rules(flags.offset).quota_offset;
  options.restore_counts = flags.restore_counts;
  options.log = [&notices](absl::LogSeverity severity,
                           std::string_view message) {
    notices.say(
        absl::StrCat(severity >= absl::LogSeverity::kWarning ? "warning: " : "",
                     internal::to_absl(message)));
  };
  if (!flags.store.empty()) {
    auto store = SqliteStore::open(flags.store);
    if (!store.ok()) return store.status();
    options.store = *std::move(store);
  }
  return Enforcer::create(std::move(options));
}

absl::StatusOr<ServiceOptions> service_options_of(
    const Flags& flags, std::shared_ptr<Clock> clock,
    std::shared_ptr<const Authentication> authentication) {
  ServiceOptions options;
  options.clock = std::move(clock);
  options.authentication = std::move(authentication);
  options.gateway_beside_management = flags.gateway_listen.empty();
  options.version = kVersion;
  if (!flags.store.empty()) options.max_sync_age = kMaxSyncAge;
  auto gateway = flags.gateway.options();
  if (!gateway.ok()) return gateway.status();
  options.gateway = *std::move(gateway);
  auto trusted = flags.gateway.trusted_peers();
  if (!trusted.ok()) return trusted.status();
  options.trusted = *std::move(trusted);
  return options;
}

// Returns nullptr without the flag.
absl::StatusOr<std::shared_ptr<AccessLog>> access_log_of(
    const Flags& flags, const Enforcer& enforcer, Notices& notices) {
  if (flags.access_log.empty()) return nullptr;
  AccessLogOptions options;
  options.path = flags.access_log;
  options.key_id =
      [&enforcer](const ClientHandle& client) -> std::optional<std::string> {
    auto id = enforcer.api_key_id(client);
    if (!id.ok()) return std::nullopt;
    return *std::move(id);
  };
  options.report = [&notices](const std::string& message) {
    notices.say(message);
  };
  auto log = AccessLog::open(std::move(options));
  if (!log.ok()) {
    return internal::with_prefix(
        log.status(), absl::StrCat("--access-log: ", flags.access_log, ": "));
  }
  return std::shared_ptr<AccessLog>(*std::move(log));
}

// Blocks the signals that only wait_for_stop() handles. New threads inherit the
// mask.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // the store and the log handle full disks
  return signals;
}

// Returns on SIGTERM and SIGINT; calls `hang_up`, which must not block, on
// SIGHUP.
void wait_for_stop(const sigset_t& signals, absl::FunctionRef<void()> hang_up) {
  sigset_t stops = signals;
  sigdelset(&stops, SIGHUP);
  constexpr timespec kNoTime = {};
  int signal_number;
  while (sigwait(&signals, &signal_number) == 0 && signal_number == SIGHUP) {
    // Of several pending signals, sigwait() returns the lowest number, SIGHUP:
    // checks for a stop, so that repeated SIGHUPs cannot delay it.
    if (sigtimedwait(&stops, nullptr, &kNoTime) > 0) return;
    hang_up();
  }
}

// Raises the soft limit of descriptors to the hard limit, as the default limit
// of 1,024 is too low for a server. Then limits the listeners' connections to
// the available descriptors, and reports if they are fewer than configured.
absl::Status fit_descriptors(Listeners& listeners, Notices& notices) {
  // Descriptors of the store with its readers, the log and the standard
  // streams; and, for each listener, of its spare connections.
  constexpr rlim_t kOthers = 96;
  constexpr rlim_t kOfAListener = 64;
  constexpr rlim_t kMinConnections = 16;
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::OkStatus();
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return absl::OkStatus();

  const rlim_t count = listeners.gateway.has_value() ? 2 : 1;
  const rlim_t least = kOthers + count * (kOfAListener + kMinConnections);
  if (limit.rlim_cur < least) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the process may open only ", limit.rlim_cur, " files, and needs ",
        least, " at least: raise the limit (ulimit -n, LimitNOFILE=)"));
  }
  const rlim_t share = (limit.rlim_cur - kOthers) / count - kOfAListener;
  const auto fit = [&](const char* flag, HttpServerOptions& options) {
    if (static_cast<rlim_t>(options.max_connections) <= share) return;
    notices.say(absl::StrCat("warning: --", flag, ": at most ", share,
                             " connections at a time, not ",
                             options.max_connections,
                             ", as the process may open only ", limit.rlim_cur,
                             " files (ulimit -n, LimitNOFILE=)"));
    options.max_connections = static_cast<int>(share);
  };
  fit("listen", listeners.management);
  if (listeners.gateway.has_value()) fit("gateway-listen", *listeners.gateway);
  return absl::OkStatus();
}

absl::Status reload_credentials(const Flags& flags,
                                Authentication& authentication) {
  auto credentials = Credentials::from_file(flags.credentials);
  if (!credentials.ok()) return credentials.status();
  authentication.replace_credentials(*std::move(credentials));
  return absl::OkStatus();
}

absl::Status reload_certificate(const Flags& flags, Servers& servers,
                                const Console& console) {
  // A path that is no longer a regular file, but a pipe, say, might never end.
  for (const std::string& path : {flags.tls_certificate, flags.tls_key}) {
    struct stat file = {};
    if (stat(path.c_str(), &file) == 0 && !S_ISREG(file.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is not a regular file"));
    }
  }
  const auto files = read_tls_files(flags, console);
  if (!files.ok()) return files.status();
  return servers.replace_certificate(files->certificate, files->key);
}

// Called on SIGHUP. If a file has errors, its previous content stays in force;
// so a service that was started with credentials never loses them.
void reload(const Flags& flags, Authentication* authentication,
            Servers& servers, AccessLog* access_log, const Console& console,
            Notices& notices) {
  const auto report = [&](const char* what, const char* done,
                          const absl::Status& status) {
    notices.say(status.ok() ? absl::StrCat("SIGHUP: the ", what, " ", done)
                            : absl::StrCat("SIGHUP: the ", what, " not ", done,
                                           ": ", status.message()));
  };
  // (Standard input cannot be read again.)
  const bool has_certificate = !flags.tls_key.empty() && flags.tls_key != "-" &&
                               flags.tls_certificate != "-";
  const bool has_log = access_log != nullptr && flags.access_log != "-";
  if (flags.credentials.empty() && !has_certificate && !has_log) {
    notices.say("SIGHUP: no file to reload");
  }
  if (!flags.credentials.empty()) {
    report("credentials are", "reloaded",
           reload_credentials(flags, *authentication));
  }
  if (has_certificate) {
    report("TLS certificate is", "reloaded",
           reload_certificate(flags, servers, console));
  }
  if (has_log) {
    report("access log is", "reopened",
           internal::with_prefix(access_log->reopen(),
                                 absl::StrCat(flags.access_log, ": ")));
  }
}

// Unreachable stages can be in plans that were made while the gateway had an
// address of its own, or by another program.
void warn_of_unreachable_stages(const Servers& servers,
                                const Console& console) {
  constexpr size_t kMaxLines = 8;
  const std::vector<std::string> lines = servers.service().unreachable_stages();
  for (size_t i = 0; i < std::min(lines.size(), kMaxLines); ++i) {
    console.err << "weir: warning: " << lines[i] << " (--gateway-listen)\n";
  }
  if (lines.size() > kMaxLines) {
    console.err << "weir: warning: and so for " << lines.size() - kMaxLines
                << " more\n";
  }
}

void announce(const Flags& flags, bool open, const Servers& servers,
              const Console& console) {
  // Standard output may be reserved for the access log.
  std::ostream& out = flags.access_log == "-" ? console.err : console.out;
  servers.announce(out);
  if (flags.store.empty()) {
    out << "weir: without --store, all state is lost on exit\n";
  }
  if (open) {
    out << "weir: no credentials: every program on this machine may manage "
           "plans\n";
  }
  if (out.flush()) return;
  // The service continues, and can still exit successfully, although this could
  // not be written. Redirects the stream, which would write it again.
  const internal::Descriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (&out == &console.out) dup2(nowhere.number(), STDOUT_FILENO);
  out.clear();
  out.flush();
}

absl::Status serve(const Flags& flags, const Console& console) {
  auto credentials = credentials_of(flags);
  if (!credentials.ok()) return credentials.status();
  const bool open = credentials->empty();
  auto listeners = listeners_of(flags, open, console);
  if (!listeners.ok()) return listeners.status();

  const sigset_t signals = block_signals();
  Notices notices(console);
  WEIR_RETURN_IF_ERROR(fit_descriptors(*listeners, notices));
  const auto clock = std::make_shared<SystemClock>();
  std::shared_ptr<Authentication> authentication;
  if (!open) {
    authentication = std::make_shared<Authentication>(
        *std::move(credentials), clock.get(), flags.region);
  }
  auto options = service_options_of(flags, clock, authentication);
  if (!options.ok()) return options.status();
  const auto enforcer = enforcer_of(flags, clock, notices);
  if (!enforcer.ok()) return enforcer.status();
  auto log = access_log_of(flags, **enforcer, notices);
  if (!log.ok()) return log.status();
  const std::shared_ptr<AccessLog> access_log = options->access_log =
      *std::move(log);
  const auto servers =
      Servers::start(*listeners, enforcer->get(), *std::move(options));
  if (!servers.ok()) return servers.status();

  warn_of_unreachable_stages(**servers, console);
  announce(flags, open, **servers, console);
  // Reloads on a thread of its own, because a file may not respond; once for
  // all signals that arrive during a reload.
  struct HangUp {};
  Collector<HangUp> hang_ups({/*capacity=*/1, /*pause=*/absl::ZeroDuration()},
                             {[&](HangUp) {
                                reload(flags, authentication.get(), **servers,
                                       access_log.get(), console, notices);
                              },
                              [] { return absl::InfiniteDuration(); }});
  wait_for_stop(signals, [&] { hang_ups.leave({}, 1); });
  (*servers)->stop();
  if (!hang_ups.stop(kFilePatience) ||
      (access_log != nullptr && !access_log->close(kFilePatience))) {
    notices.say("a file does not respond; not waiting for it");
    // Threads that wait for the file cannot be ended, and what they use cannot
    // be destroyed.
    const absl::Status synced = (*enforcer)->sync();
    if (!synced.ok()) notices.say(synced.ToString());
    std::_Exit(kExitOk);
  }
  return absl::OkStatus();
}

}  // namespace

int run_serve(absl::Span<const std::string> arguments, const Console& console) {
  Flags flags;
  CommandLine line("serve [--store=FOLDER] [--listen=ADDRESS:PORT]",
                   kDescription);
  line.add_flag("store", "FOLDER",
                "keeps plans, keys and counts across restarts; created if\n"
                "missing. Default: none, all state is lost on exit",
                &flags.store);
  line.add_flag("listen", "ADDRESS:PORT",
                "or unix:PATH, a socket file for the owner and the group.\n"
                "Default: 127.0.0.1:8080; port 0 picks a free port",
                &flags.listen);
  line.add_flag("gateway-listen", "ADDRESS:PORT",
                "serves only /{apiId}/{stage}/... at this address. Default:\n"
                "the address of --listen",
                &flags.gateway_listen);
  line.add_flag(
      "credentials", "FILE",
      "in AWS's format, mode 0600; `weir_access = read-only` makes a\n"
      "profile read-only, and `no-values` also hides the values of\n"
      "API keys from it",
      &flags.credentials);
  line.add_flag("region", "NAME",
                "the region that signatures must name. Default: any",
                &flags.region);
  line.add_flag("tls-certificate", "FILE", "PEM, with its chain: serve HTTPS",
                &flags.tls_certificate);
  line.add_flag("tls-key", "FILE", "PEM", &flags.tls_key);
  flags.gateway.add_to(line);
  line.add_flag("access-log", "FILE",
                "appends a line of JSON for each request to an API, for\n"
                "`weir replay`; \"-\" is standard output. Default: none",
                &flags.access_log);
  line.add_flag("offset", "requests|start-day",
                "what a quota's offset means. Default: requests",
                &flags.offset);
  line.add_flag("restore-counts",
                "if the counts files are damaged, start with the counts of\n"
                "the last sync",
                &flags.restore_counts);
  line.add_flag("idle-timeout", "SECONDS",
                "how long to wait for a connection's next request. Default: 75",
                &flags.idle_timeout);
  line.add_flag("request-timeout", "SECONDS",
                "how long to wait for a whole request. Default: 30",
                &flags.request_timeout);
  if (const auto exit_code = line.parse(arguments, 0, console)) {
    return *exit_code;
  }
  const absl::Status status = serve(flags, console);
  if (status.ok()) return kExitOk;
  report_error(console, status);
  return absl::IsDataLoss(status) ? kExitRefused : kExitUsage;
}

}  // namespace weir::cli
