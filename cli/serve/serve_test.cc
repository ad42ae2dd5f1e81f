// `weir serve`, and `weir top` beside it, as operators and clients see them.
// AWS's own clients, and what is hostile, are tests/clients'.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/cli/shell.h"
#include "weir/enforcer/version.h"
#include "weir/http/message.h"
#include "weir/http/server.h"
#include "weir/management/credentials.h"
#include "weir/management/testing/sign_request.h"

namespace weir::cli {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

using Strings = std::vector<std::string>;

constexpr char kAnyPort[] = "--listen=127.0.0.1:0";
constexpr char kGatewayAtAnyPort[] = "--gateway-listen=127.0.0.1:0";
constexpr char kKey[] = "a-value-of-twenty-or-more-characters";

// A new one for each call.
std::string new_folder() {
  static int number = 0;
  std::string path = path_of(absl::StrCat("folder", ++number, ".", getpid()));
  std::filesystem::remove_all(path);
  return path;
}

std::string get(const std::string& place, const std::string& target,
                const Strings& headers = {}) {
  return request(place, "GET", target, headers);
}

// A plan for shop:prod with one key; `limits` is JSON. Returns the key's id.
std::string create_plan(const std::string& place, const std::string& limits,
                        const std::string& key_name = "mobile") {
  const auto created = [&](const std::string& target, const std::string& body) {
    const std::string answer = request(place, "POST", target, {}, body);
    EXPECT_EQ(status_of(answer), 201) << answer;
    return answer;
  };
  created("/usageplans",
          absl::StrCat(R"({"id":"gold","name":"gold","apiStages":[{"apiId":)"
                       R"("shop","stage":"prod"}],)",
                       limits, "}"));
  const std::string key = created(
      "/apikeys", absl::StrCat(R"({"name":")", key_name,
                               R"(","enabled":true,"value":")", kKey, R"("})"));
  const size_t at = key.find(R"("id":")") + 6;
  const std::string id = key.substr(at, key.find('"', at) - at);
  created("/usageplans/gold/keys",
          absl::StrCat(R"({"keyId":")", id, R"(","keyType":"API_KEY"})"));
  return id;
}

std::string call(const std::string& place,
                 const std::string& target = "/shop/prod") {
  return get(place, target, {absl::StrCat("x-api-key: ", kKey)});
}

// -- Where it listens, and how it ends --

TEST(Serve, SaysWhereItListens) {
  ServeProcess server({kAnyPort});
  EXPECT_THAT(server.out(),
              MatchesRegex("weir: listening on http://127\\.0\\.0\\.1:[0-9]+\n"
                           "weir: without --store, all state is lost on exit\n"
                           "weir: no credentials: every program on this "
                           "machine may manage plans\n"));
  EXPECT_EQ(status_of(get(server.place(), "/healthz")), 200);
  EXPECT_THAT(get(server.place(), "/metrics"),
              AllOf(HasSubstr(absl::StrCat("\nweir_build_info{version=\"",
                                           kVersion, "\"} 1\n")),
                    HasSubstr("\nweir_http_connections 1\n")));
  EXPECT_EQ(server.stop(SIGTERM), 0);
  EXPECT_EQ(server.err(), "");
}

TEST(Serve, ListensAtAFile) {
  const std::string path = absl::StrCat("/tmp/weir-serve-test.", getpid());
  ServeProcess server({"--listen=unix:" + path, "--store=" + new_folder(),
                       "--idle-timeout=3600", "--request-timeout=0.001"});
  EXPECT_EQ(server.place(), "unix:" + path);
  EXPECT_THAT(server.out(), Not(HasSubstr("--store")));
  struct stat file = {};
  ASSERT_EQ(stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0660u);
  EXPECT_EQ(server.stop(SIGINT), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Serve, TheGatewayHasAnAddressOfItsOwn) {
  ServeProcess server({kAnyPort, kGatewayAtAnyPort});
  const std::string management = server.place();
  const std::string gateway = server.gateway_place();
  EXPECT_THAT(server.out(), HasSubstr(absl::StrCat("weir: the gateway is http:",
                                                   "//", gateway, "\n")));
  EXPECT_NE(gateway, management);
  create_plan(management, R"("throttle":{"rateLimit":9,"burstLimit":9})");
  EXPECT_EQ(status_of(call(management)), 404);
  EXPECT_EQ(status_of(call(gateway)), 200);
  EXPECT_EQ(status_of(get(gateway, "/usageplans")), 403);
  EXPECT_EQ(status_of(get(gateway, "/metrics")), 403);
  EXPECT_EQ(status_of(ask(gateway, "GET / HTTP/1.1\r\n\r\n")), 400);
  EXPECT_THAT(get(management, "/metrics"),
              AllOf(HasSubstr("\nweir_http_connections 1\n"),
                    HasSubstr("_refused_total{reason=\"malformed\"} 1\n")));
  EXPECT_EQ(server.stop(SIGTERM), 0);
}

TEST(Serve, SaysWhichAddressCannotBe) {
  ServeProcess server({kAnyPort});
  const std::string taken = server.place();
  Result result = weir({"serve", "--listen=" + taken});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, StartsWith("weir: --listen: " + taken + ": "));
  result = weir({"serve", kAnyPort, "--gateway-listen=" + taken});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              StartsWith("weir: --gateway-listen: " + taken + ": "));
  EXPECT_EQ(result.out, "");
  for (const char* address :
       {"[::1:80", "[]:80", "127.0.0.1", "127.0.0.1:-1"}) {
    result = weir({"serve", std::string("--gateway-listen=") + address});
    EXPECT_EQ(result.exit_code, 2) << address;
    EXPECT_THAT(result.err, StartsWith("weir: --gateway-listen: ")) << address;
  }
}

// What it listens on, in brackets.
TEST(Serve, ListensAtIpv6) {
  ServeProcess server({"--listen=[::1]:0"});
  if (server.place().empty()) GTEST_SKIP() << server.err();
  EXPECT_THAT(server.out(), StartsWith("weir: listening on http://[::1]:"));
  EXPECT_EQ(server.stop(SIGTERM), 0);
}

// A disk that is full, for instance, is no reason not to serve.
TEST(Serve, GoesOnWithoutAnnouncement) {
  const std::string place = absl::StrCat("unix:/tmp/weir-full-test.", getpid());
  ServeProcess server({"--listen=" + place}, {}, "/dev/full");
  // The file exists before the server listens.
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  place.copy(address.sun_path, sizeof(address.sun_path) - 1, 5);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  while (connect(socket, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) != 0) {
    usleep(2000);
  }
  close(socket);
  EXPECT_EQ(status_of(get(place, "/healthz")), 200);
  EXPECT_EQ(server.stop(SIGTERM), 0);
  EXPECT_EQ(server.err(), "");
}

TEST(Serve, EndsConnectionsThatTakeTooLong) {
  ServeProcess server({kAnyPort, kGatewayAtAnyPort, "--idle-timeout=0.05",
                       "--request-timeout=0.1"});
  for (const std::string& place : {server.place(), server.gateway_place()}) {
    EXPECT_EQ(ask(place, ""), "");
    EXPECT_EQ(status_of(ask(place, "GET /")), 408);
  }
  for (const char* flag : {"idle-timeout", "request-timeout"}) {
    for (const char* value : {"0.0009", "3600.001", "-1", "1e3"}) {
      const Result result =
          weir({"serve", kAnyPort, absl::StrCat("--", flag, "=", value)});
      EXPECT_EQ(result.exit_code, 2);
      EXPECT_EQ(result.err,
                absl::StrCat("weir: --", flag,
                             ": expected a number of seconds, 0.001 to 3600, "
                             "got \"",
                             value, "\"\n"));
    }
  }
}

// -- What it may use --

std::function<void()> with_files(rlim_t most) {
  return [most] {
    const rlimit limit = {most, most};
    setrlimit(RLIMIT_NOFILE, &limit);
  };
}

TEST(Serve, FitsTheDescriptorsThatThereAre) {
  const auto said = [](rlim_t files, const Strings& flags) {
    ServeProcess server(flags, with_files(files));
    EXPECT_EQ(status_of(get(server.place(), "/healthz")), 200) << server.err();
    EXPECT_EQ(server.stop(SIGTERM), 0);
    return server.err();
  };
  const auto warning = [](const char* flag, int connections, int files) {
    return absl::StrCat("weir: warning: --", flag, ": at most ", connections,
                        " connections at a time, not 512, as the process may "
                        "open only ",
                        files, " files (ulimit -n, LimitNOFILE=)\n");
  };
  // 96 of its own, and 64 for each listener.
  EXPECT_EQ(said(672, {kAnyPort}), "");
  EXPECT_EQ(said(671, {kAnyPort}), warning("listen", 511, 671));
  EXPECT_EQ(said(176, {kAnyPort}), warning("listen", 16, 176));
  const Strings two = {kAnyPort, kGatewayAtAnyPort};
  EXPECT_EQ(said(1248, two), "");
  EXPECT_EQ(said(1247, two), warning("listen", 511, 1247) +
                                 warning("gateway-listen", 511, 1247));
  EXPECT_EQ(said(256, two),
            warning("listen", 16, 256) + warning("gateway-listen", 16, 256));
  for (const auto& [files, least, flags] :
       {std::tuple<int, int, Strings>{175, 176, {"serve", kAnyPort}},
        {255, 256, {"serve", kAnyPort, kGatewayAtAnyPort}}}) {
    const Result result =
        weir(flags, "", "C.UTF-8", with_files(static_cast<rlim_t>(files)));
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err, absl::StrCat("weir: the process may open only ",
                                       files, " files, and needs ", least,
                                       " at least: raise the limit (ulimit -n, "
                                       "LimitNOFILE=)\n"));
  }
  // As many as the system lets it have.
  const auto softly = [] {
    rlimit limit = {};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 100;
    setrlimit(RLIMIT_NOFILE, &limit);
  };
  ServeProcess server({kAnyPort}, softly);
  EXPECT_EQ(status_of(get(server.place(), "/healthz")), 200);
  EXPECT_EQ(server.err(), "");
}

// -- Its store --

TEST(Serve, KeepsPlansAndCounts) {
  const std::string store = new_folder();
  const Strings flags = {kAnyPort, "--store=" + store};
  {
    ServeProcess server(flags);
    create_plan(server.place(), R"("quota":{"limit":2,"period":"MONTH"})");
    EXPECT_EQ(status_of(call(server.place())), 200);
    EXPECT_EQ(server.stop(SIGTERM), 0);
  }
  {
    ServeProcess server(flags);
    EXPECT_EQ(status_of(call(server.place())), 200);
    EXPECT_EQ(status_of(call(server.place())), 429);
    EXPECT_THAT(get(server.place(), "/metrics"),
                HasSubstr("\nweir_last_sync_timestamp_seconds "));
    EXPECT_EQ(server.stop(SIGTERM), 0);
  }
  for (const auto& entry : std::filesystem::directory_iterator(store)) {
    if (entry.path().filename().string().rfind("counts-", 0) == 0) {
      std::filesystem::remove(entry.path());
    }
  }
  const Result damaged = weir({"serve", kAnyPort, "--store=" + store});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_THAT(damaged.err, HasSubstr("counts-"));
  ServeProcess server({kAnyPort, "--store=" + store, "--restore-counts"});
  EXPECT_EQ(status_of(call(server.place())), 429) << server.err();
}

TEST(Serve, OffsetsHaveTwoMeanings) {
  for (const auto& [flag, status] :
       {std::pair{"--offset=requests", 201}, {"--offset=start-day", 400}}) {
    ServeProcess server({kAnyPort, flag});
    EXPECT_EQ(status_of(request(server.place(), "POST", "/usageplans", {},
                                R"({"name":"p","quota":{"limit":100,)"
                                R"("offset":50,"period":"DAY"}})")),
              status)
        << flag;
  }
}

TEST(Serve, WarnsOfStagesThatNoRequestReaches) {
  const std::string store = new_folder();
  const auto add_stages = [&](int first, int last) {
    ServeProcess server({kAnyPort, kGatewayAtAnyPort, "--store=" + store});
    for (int i = first; i <= last; ++i) {
      EXPECT_EQ(
          status_of(request(server.place(), "POST", "/usageplans", {},
                            absl::StrCat(R"({"name":"p","apiStages":[{"apiId":)"
                                         R"("metrics","stage":"s)",
                                         i, R"("}]})"))),
          201);
    }
    EXPECT_EQ(server.stop(SIGTERM), 0);
    EXPECT_EQ(server.err(), "");
  };
  const auto warnings = [&] {
    ServeProcess server({kAnyPort, "--store=" + store});
    EXPECT_EQ(server.stop(SIGTERM), 0);
    return server.err();
  };
  add_stages(1, 8);
  const std::string eight = warnings();
  EXPECT_EQ(std::count(eight.begin(), eight.end(), '\n'), 8);
  EXPECT_THAT(eight, StartsWith("weir: warning: usage plan "));
  EXPECT_THAT(eight, EndsWith(" (--gateway-listen)\n"));
  add_stages(9, 11);
  const std::string eleven = warnings();
  EXPECT_EQ(std::count(eleven.begin(), eleven.end(), '\n'), 9);
  EXPECT_THAT(eleven, EndsWith("\nweir: warning: and so for 3 more\n"));
}

// -- What its clients are told --

TEST(Serve, TellsClientsTheirLimitsAsItIsTo) {
  const struct {
    Strings flags;
    const char* present;
    const char* absent;
  } kCases[] = {
      {{}, "\r\nratelimit: \"burst\";r=", "x-ratelimit"},
      {{"--rate-limit-headers=ietf-11"}, "\r\nratelimit: \"", "x-ratelimit"},
      {{"--rate-limit-headers=ietf-10"}, "\r\nratelimit", "x-ratelimit"},
      {{"--rate-limit-headers=x-delta"},
       "\r\nx-ratelimit-reset: 1000\r\n",
       "\r\nratelimit"},
      {{"--rate-limit-headers=x-epoch"},
       "\r\nx-ratelimit-reset: 1",
       "\r\nratelimit"},
      {{"--rate-limit-headers=off"}, "\r\nx-amzn-errortype: ", "retry-after"},
      {{"--max-retry-after=7"}, "\r\nretry-after: 7\r\n", "x-ratelimit"},
  };
  for (const auto& c : kCases) {
    Strings flags = c.flags;
    flags.emplace_back(kAnyPort);
    ServeProcess server(flags);
    create_plan(server.place(), R"("throttle":{"rateLimit":0.001,)"
                                R"("burstLimit":1})");
    EXPECT_EQ(status_of(call(server.place())), 200);
    const std::string refused = call(server.place());
    EXPECT_EQ(status_of(refused), 429);
    EXPECT_THAT(refused, HasSubstr(c.present));
    EXPECT_THAT(refused, Not(HasSubstr(c.absent)));
  }
}

TEST(Serve, ServesPagesAndProxiesThatItTrusts) {
  ServeProcess server({kAnyPort, "--cors=shop=https://a.example",
                       "--cors=shop=https://b.example", "--trust=10.0.0.0/8"});
  const auto allowed = [&](const char* origin) {
    const std::string answer =
        get(server.place(), "/shop/prod", {absl::StrCat("origin: ", origin)});
    EXPECT_EQ(status_of(answer), 403);
    return answer.find(absl::StrCat("\r\naccess-control-allow-origin: ", origin,
                                    "\r\n")) != answer.npos;
  };
  EXPECT_TRUE(allowed("https://a.example"));
  EXPECT_TRUE(allowed("https://b.example"));
  EXPECT_FALSE(allowed("https://c.example"));
  EXPECT_THAT(get(server.place(), "/-/authorize/shop/prod"),
              HasSubstr("127.0.0.1 is not trusted"));
  // Of refusals too that the service has no part in.
  EXPECT_THAT(
      request(server.place(), "POST", "/shop/prod",
              {"origin: https://a.example", "expect: 100-continue"}, ""),
      HasSubstr("access-control-allow-origin: https://a.example"));
  ServeProcess trusting({kAnyPort, "--trust=10.0.0.0/8", "--trust=127.0.0.1"});
  EXPECT_THAT(get(trusting.place(), "/-/authorize/shop/prod"),
              Not(HasSubstr("is not trusted")));
  ServeProcess usual({kAnyPort});
  EXPECT_THAT(get(usual.place(), "/-/authorize/shop/prod"),
              Not(HasSubstr("is not trusted")));
}

TEST(Serve, SpreadsThoseWhoAreToComeAgain) {
  // Between the shortest and the longest of some waits.
  const auto spread_of = [](const char* spread) {
    ServeProcess server({kAnyPort, "--max-retry-after=1789569",
                         absl::StrCat("--spread-retries=", spread)});
    create_plan(server.place(), R"("quota":{"limit":1,"period":"DAY"})");
    EXPECT_EQ(status_of(call(server.place())), 200);
    std::set<int> waits;
    for (int i = 0; i < 8; ++i) {
      const std::string answer = call(server.place());
      const size_t at = answer.find("\r\nretry-after: ");
      EXPECT_NE(at, answer.npos) << answer;
      waits.insert(std::atoi(&answer[at + 15]));
    }
    return *waits.rbegin() - *waits.begin();
  };
  EXPECT_LT(spread_of("0"), 60);
  EXPECT_GT(spread_of("86400"), 60);
}

// -- Credentials --

const Credential kAdmin = {"AKIAADMIN", "admin-secret", "", false};
const Credential kNext = {"AKIANEXT", "next-secret", "", false};

std::string profile_of(const Credential& credential) {
  return absl::StrCat(
      "[", credential.access_key_id,
      "]\naws_access_key_id = ", credential.access_key_id,
      "\naws_secret_access_key = ", credential.secret_access_key, "\n");
}

std::string write_credentials(const std::string& text) {
  const std::string path = write_file("credentials", text);
  chmod(path.c_str(), 0600);
  return path;
}

int signed_status(const ServeProcess& server, const Credential& credential,
                  const std::string& region = "us-east-1") {
  const HttpRequest signed_one =
      *signed_request({"GET", "/usageplans", {{"host", "localhost"}}, ""},
                      credential, region, std::time(nullptr));
  Strings headers;
  for (const auto& [name, value] : signed_one.headers) {
    headers.push_back(absl::StrCat(name, ": ", value));
  }
  return status_of(get(server.place(), "/usageplans", headers));
}

TEST(Serve, ManagementIsForThoseWithCredentials) {
  const std::string file = write_credentials(profile_of(kAdmin));
  // Which may be reached from elsewhere then.
  ServeProcess server({"--listen=0.0.0.0:0", "--credentials=" + file,
                       "--region=eu-west-1", "--store=" + new_folder()});
  EXPECT_THAT(server.out(),
              MatchesRegex("weir: listening on http://0\\.0\\.0\\.0:[0-9]+\n"));
  EXPECT_EQ(status_of(get(server.place(), "/usageplans")), 401);
  EXPECT_EQ(signed_status(server, kAdmin, "eu-west-1"), 200);
  EXPECT_NE(signed_status(server, kAdmin, "us-east-1"), 200);
  EXPECT_EQ(signed_status(server, kNext, "eu-west-1"), 401);

  // Another file, which is in force from when it says so.
  write_credentials(profile_of(kNext));
  EXPECT_EQ(server.hang_up(), "weir: SIGHUP: the credentials are reloaded\n");
  EXPECT_EQ(signed_status(server, kAdmin, "eu-west-1"), 401);
  EXPECT_EQ(signed_status(server, kNext, "eu-west-1"), 200);
  // A bad one changes nothing.
  write_credentials("");
  EXPECT_THAT(server.hang_up(),
              StartsWith("weir: SIGHUP: the credentials are not reloaded: " +
                         file + ": "));
  EXPECT_EQ(signed_status(server, kNext, "eu-west-1"), 200);
  EXPECT_EQ(server.stop(SIGTERM), 0);
}

TEST(Serve, DoesNotStartWithoutTheCredentialsItIsToHave) {
  const std::string file = write_credentials(profile_of(kAdmin));
  const auto error = [&](const std::string& path) {
    const Result result = weir({"serve", kAnyPort, "--credentials=" + path});
    EXPECT_EQ(result.exit_code, 2) << path;
    EXPECT_EQ(result.out, "") << path;
    return result.err;
  };
  EXPECT_EQ(error("/no/such"),
            "weir: /no/such: cannot open: No such file or directory\n");
  chmod(file.c_str(), 0644);
  EXPECT_THAT(error(file), StartsWith("weir: " + file + ": "));
  write_credentials("[p]\naws_access_key_id = x\n");
  EXPECT_THAT(error(file),
              StartsWith("weir: " + file + ":1: a profile needs "));
  write_credentials("");
  EXPECT_THAT(error(file), StartsWith("weir: " + file + ": "));
  // Half of one, and none that is a pair.
  for (const char* name : {"WEIR_ACCESS_KEY_ID", "WEIR_SECRET_ACCESS_KEY"}) {
    const Result half =
        weir({"serve", kAnyPort}, "", "C.UTF-8", [&] { setenv(name, "x", 1); });
    EXPECT_EQ(half.exit_code, 2) << name;
    EXPECT_THAT(half.err, StartsWith("weir: ")) << name;
  }
}

TEST(Serve, TakesCredentialsOfTheEnvironment) {
  ServeProcess server({kAnyPort}, [] {
    setenv("WEIR_ACCESS_KEY_ID", kAdmin.access_key_id.c_str(), 1);
    setenv("WEIR_SECRET_ACCESS_KEY", kAdmin.secret_access_key.c_str(), 1);
  });
  EXPECT_THAT(server.out(), Not(HasSubstr("credentials")));
  EXPECT_EQ(signed_status(server, kAdmin), 200);
  EXPECT_EQ(signed_status(server, kNext), 401);
  EXPECT_EQ(server.hang_up(), "weir: SIGHUP: no file to reload\n");
  EXPECT_EQ(server.hang_up(), "weir: SIGHUP: no file to reload\n");
  EXPECT_EQ(signed_status(server, kAdmin), 200);
}

// -- TLS --

void make_certificate(const std::string& name) {
  const std::string command = absl::StrCat(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
      "-days 2 -subj /CN=",
      name, " -keyout ", path_of(name + ".key"), " -out ",
      path_of(name + ".pem"), " 2>/dev/null");
  EXPECT_EQ(system(command.c_str()), 0);
}

// Who the server says that it is.
std::string shown_by(const std::string& place) {
  const std::string file = path_of("shown");
  const std::string command =
      absl::StrCat("openssl s_client -connect ", place, " </dev/null 2>&1 | ",
                   "grep -o 'subject=.*' >", file);
  (void)!system(command.c_str());
  return read_file(file);
}

TEST(Serve, ReplacesItsCertificate) {
  make_certificate("first");
  make_certificate("second");
  namespace fs = std::filesystem;
  const std::string certificate = path_of("used.pem"),
                    key = path_of("used.key");
  const auto use = [&](const std::string& name) {
    fs::copy_file(path_of(name + ".pem"), certificate,
                  fs::copy_options::overwrite_existing);
    fs::copy_file(path_of(name + ".key"), key,
                  fs::copy_options::overwrite_existing);
  };
  use("first");
  ServeProcess server({kAnyPort, kGatewayAtAnyPort,
                       "--tls-certificate=" + certificate, "--tls-key=" + key});
  EXPECT_THAT(server.out(), AllOf(HasSubstr("listening on https://127.0.0.1:"),
                                  HasSubstr("gateway is https://127.0.0.1:")));
  const auto shown = [&] {
    return shown_by(server.place()) + shown_by(server.gateway_place());
  };
  EXPECT_EQ(shown(), "subject=CN = first\nsubject=CN = first\n");
  use("second");
  EXPECT_EQ(server.hang_up(),
            "weir: SIGHUP: the TLS certificate is reloaded\n");
  EXPECT_EQ(shown(), "subject=CN = second\nsubject=CN = second\n");
  // What might never end is not read.
  fs::remove(key);
  ASSERT_EQ(mkfifo(key.c_str(), 0600), 0);
  EXPECT_EQ(server.hang_up(),
            "weir: SIGHUP: the TLS certificate is not reloaded: " + key +
                ": is not a regular file\n");
  fs::remove(key);
  EXPECT_EQ(server.hang_up(),
            "weir: SIGHUP: the TLS certificate is not reloaded: " + key +
                ": No such file or directory\n");
  EXPECT_EQ(shown_by(server.place()), "subject=CN = second\n");
  EXPECT_EQ(server.stop(SIGTERM), 0);
}

// -- The access log --

TEST(Serve, WritesAnAccessLog) {
  const std::string log = path_of("access.log"), old = log + ".1";
  std::filesystem::remove(log);
  ServeProcess server({kAnyPort, "--access-log=" + log});
  const std::string key =
      create_plan(server.place(), R"("quota":{"limit":1,"period":"MONTH"})");
  call(server.place(), "/shop/prod/first");
  std::filesystem::rename(log, old);
  EXPECT_EQ(server.hang_up(), "weir: SIGHUP: the access log is reopened\n");
  call(server.place(), "/shop/prod/second");
  get(server.place(), "/shop/prod/third");
  EXPECT_EQ(server.stop(SIGTERM), 0);
  EXPECT_THAT(read_file(old),
              AllOf(HasSubstr(absl::StrCat(R"("key_id":")", key, "\"")),
                    HasSubstr("/first"), HasSubstr(R"("outcome":"admitted")"),
                    Not(HasSubstr("/second"))));
  EXPECT_THAT(read_file(log),
              AllOf(HasSubstr("/second"), HasSubstr(R"("status":429)"),
                    HasSubstr("/third"), HasSubstr(R"("key_id":null)")));
  const Result bad = weir({"serve", kAnyPort, "--access-log=/no/such/log"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_EQ(bad.err,
            "weir: --access-log: /no/such/log: No such file or directory\n");
}

TEST(Serve, StandardOutputMayBeTheAccessLogs) {
  ServeProcess server({kAnyPort, "--access-log=-"});
  EXPECT_THAT(server.err(), StartsWith("weir: listening on "));
  get(server.place(), "/shop/prod");
  EXPECT_EQ(server.hang_up(), "weir: SIGHUP: no file to reload\n");
  EXPECT_EQ(server.stop(SIGTERM), 0);
  EXPECT_THAT(server.out(), StartsWith("{\"time\":"));
}

// -- Signals --

// A reload, however often and fast one is asked for, is not the end.
TEST(Serve, ManyHangUpsAreNoStop) {
  ServeProcess server({kAnyPort, "--access-log=" + path_of("storm.log")});
  for (int i = 0; i < 20000; ++i) server.send(SIGHUP);
  EXPECT_THAT(server.hang_up(), HasSubstr("the access log is reopened\n"));
  EXPECT_EQ(status_of(get(server.place(), "/healthz")), 200);
  // A stop is not held up by the reloads before it.
  server.send(SIGSTOP);
  for (const int signal_number : {SIGHUP, SIGTERM, SIGINT}) {
    server.send(signal_number);
  }
  server.send(SIGCONT);
  EXPECT_EQ(server.stop(SIGHUP), 0);
}

// -- weir top --

TEST(Top, ShowsWhoIsRefused) {
  ServeProcess server({kAnyPort});
  create_plan(server.place(), R"("throttle":{"rateLimit":0.001,)"
                              R"("burstLimit":1})");
  for (int i = 0; i < 4; ++i) call(server.place());
  get(server.place(), "/shop/prod");
  const std::string endpoint = "--endpoint=http://" + server.place();
  const Result table = weir({"top", endpoint + "/", "--ascii"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out,
              AllOf(HasSubstr("3 throttled, 0 over quota, 0 forbidden; 1 "
                              "without a known key"),
                    HasSubstr("mobile")));
  const Result json = weir({"top", endpoint, "--output=json", "--top=100"});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  EXPECT_THAT(json.out, AllOf(StartsWith("{\"since\":"),
                              HasSubstr(R"("throttled":3)"), EndsWith("}\n")));
  for (const Strings& flags : {Strings{"--top=0"},
                               {"--top=101"},
                               {"--top="},
                               {"--top=x"},
                               {"--profile=x"},
                               {"--region=us east"},
                               {"--credentials=/no/such"}}) {
    Strings arguments = {"top", endpoint};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Result result = weir(arguments);
    EXPECT_EQ(result.exit_code, 2) << flags[0];
    EXPECT_EQ(result.out, "") << flags[0];
    EXPECT_THAT(result.err, StartsWith("weir: ")) << flags[0];
  }
  EXPECT_EQ(weir({"top", endpoint + "/elsewhere"}).exit_code, 1);
  EXPECT_EQ(server.stop(SIGTERM), 0);
  const Result gone = weir({"top", endpoint});
  EXPECT_EQ(gone.exit_code, 2);
  EXPECT_THAT(gone.err, StartsWith("weir: http://" + server.place() + ": "));
}

// Of a server that may be any.
TEST(Top, SaysWhatTheServerSays) {
  std::string body = "{}";
  int status = 200;
  const auto server = *HttpServer::start({}, [&](const HttpRequest&) {
    return HttpResponse{status, {}, body};
  });
  const auto top = [&] {
    return weir(
        {"top", absl::StrCat("--endpoint=http://127.0.0.1:", server->port())});
  };
  const std::string start =
      absl::StrCat("weir: http://127.0.0.1:", server->port(), ": ");
  EXPECT_EQ(top().exit_code, 2) << "no report";
  // The longest answer that is read.
  body = std::string(4 << 20, ' ');
  EXPECT_THAT(top().err, Not(HasSubstr("too long")));
  body += ' ';
  EXPECT_EQ(top().err, start + "the answer is too long\n");
  EXPECT_EQ(top().exit_code, 2);
  body = R"({"message":"No \u001b[2J such thing"})";
  for (const int refused : {401, 403, 404, 429, 500}) {
    status = refused;
    const Result result = top();
    EXPECT_EQ(result.exit_code, 1) << refused;
    EXPECT_EQ(result.err, start + "No \\x1B[2J such thing\n") << refused;
  }
  for (const char* other : {"", "<html>", R"({"message":""})", "{}", "[]"}) {
    body = other;
    EXPECT_EQ(top().err, start + "HTTP status 500\n") << other;
  }
}

TEST(Top, Signs) {
  const std::string file =
      write_credentials(profile_of(kAdmin) + profile_of(kNext));
  ServeProcess server(
      {kAnyPort, "--credentials=" + file, "--region=eu-west-1"});
  const std::string endpoint = "--endpoint=http://" + server.place();
  const auto top = [&](Strings flags, const char* region = nullptr,
                       const Credential* credential = nullptr) {
    flags.insert(flags.begin(), {"top", endpoint});
    return weir(flags, "", "C.UTF-8", [=] {
      if (region != nullptr) setenv("AWS_REGION", region, 1);
      if (credential == nullptr) return;
      setenv("AWS_ACCESS_KEY_ID", credential->access_key_id.c_str(), 1);
      setenv("AWS_SECRET_ACCESS_KEY", credential->secret_access_key.c_str(), 1);
    });
  };
  const std::string credentials = "--credentials=" + file;
  const std::string region = "--region=eu-west-1";
  EXPECT_EQ(top({}).exit_code, 1);
  EXPECT_EQ(top({region}, nullptr, &kAdmin).exit_code, 0);
  EXPECT_EQ(top({}, "eu-west-1", &kAdmin).exit_code, 0);
  EXPECT_EQ(top({}, "us-east-1", &kAdmin).exit_code, 1);
  EXPECT_EQ(top({region}, "us-east-1", &kAdmin).exit_code, 0);
  EXPECT_EQ(top({credentials, "--profile=AKIANEXT", region}).exit_code, 0);
  const Result several = top({credentials, region});
  EXPECT_EQ(several.exit_code, 2);
  EXPECT_THAT(several.err, HasSubstr("--profile=NAME says which"));
  const Result none = top({credentials, "--profile=x", region});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("has no credential of profile \"x\""));
}

// What it sends, to a server that may be any.
TEST(Top, SendsWhatItIsToldTo) {
  std::string headers;
  const auto server = *HttpServer::start({}, [&](const HttpRequest& request) {
    headers = request.method + " " + request.target + "\n";
    for (const auto& [name, value] : request.headers) {
      absl::StrAppend(&headers, name, ": ", value, "\n");
    }
    return HttpResponse{404, {}, ""};
  });
  const std::string place = absl::StrCat("127.0.0.1:", server->port());
  const auto sent = [&](Strings flags,
                        const std::vector<std::pair<const char*, const char*>>&
                            environment = {}) {
    headers.clear();
    flags.insert(flags.begin(), "top");
    const Result result = weir(flags, "", "C.UTF-8", [&] {
      for (const auto& [name, value] : environment) setenv(name, value, 1);
    });
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.err, "weir: http://" + place + ": HTTP status 404\n");
    return headers;
  };
  const std::string endpoint = "--endpoint=http://" + place;
  EXPECT_THAT(sent({endpoint}),
              AllOf(StartsWith("GET /-/refused-keys?limit=20\n"),
                    Not(HasSubstr("authorization:"))));
  EXPECT_THAT(sent({endpoint + "//", "--top=1"}),
              StartsWith("GET /-/refused-keys?limit=1\n"));
  // No proxy of the environment stands between.
  sent({endpoint}, {{"http_proxy", "http://127.0.0.1:1"},
                    {"all_proxy", "http://127.0.0.1:1"}});
  const std::pair<const char*, const char*> id = {"AWS_ACCESS_KEY_ID", "AKIA"};
  const std::pair<const char*, const char*> secret = {"AWS_SECRET_ACCESS_KEY",
                                                      "secret"};
  const auto scope = [](const char* region) {
    return HasSubstr(absl::StrCat("/", region, "/apigateway/aws4_request"));
  };
  EXPECT_THAT(
      sent({endpoint}, {id, secret}),
      AllOf(HasSubstr("authorization: AWS4-HMAC-SHA256 Credential=AKIA/"),
            scope("us-east-1"), Not(HasSubstr("x-amz-security-token"))));
  EXPECT_THAT(sent({endpoint}, {id, secret, {"AWS_SESSION_TOKEN", "token"}}),
              AllOf(HasSubstr("\nx-amz-security-token: token\n"),
                    HasSubstr("x-amz-security-token,")));
  EXPECT_THAT(sent({endpoint}, {id, secret, {"AWS_DEFAULT_REGION", "a-1"}}),
              scope("a-1"));
  EXPECT_THAT(
      sent({endpoint},
           {id, secret, {"AWS_DEFAULT_REGION", "a-1"}, {"AWS_REGION", "b-2"}}),
      scope("b-2"));
  EXPECT_THAT(
      sent({endpoint},
           {id, secret, {"AWS_DEFAULT_REGION", "a-1"}, {"AWS_REGION", ""}}),
      scope("a-1"));
}

TEST(Top, TakesUrlsOfServersAlone) {
  const auto error = [](const std::string& url) {
    const Result result = weir({"top", "--endpoint=" + url});
    EXPECT_EQ(result.exit_code, 2) << url;
    EXPECT_EQ(result.out, "") << url;
    return result.err;
  };
  for (const char* url : {"://", "http://", "http://a b", "http://h:x"}) {
    EXPECT_EQ(error(url),
              absl::StrCat("weir: --endpoint: expected a URL such as "
                           "http://127.0.0.1:8080, got \"",
                           url, "\"\n"));
  }
  for (const char* url : {"ftp://h", "file:///etc/passwd"}) {
    EXPECT_EQ(error(url),
              absl::StrCat("weir: --endpoint: expected a URL that begins with "
                           "http:// or https://, got \"",
                           url, "\"\n"));
  }
  // One with a password is not shown.
  for (const char* url :
       {"http://u@h", "http://:pass@h", "http://u:pass@h", "http://h?q",
        "http://h/#f", "https://u:pass@h/x?q#f"}) {
    EXPECT_EQ(error(url),
              "weir: --endpoint: expected a URL without user, query and "
              "fragment\n");
  }
}

TEST(Top, TrustsWhomItIsToldToTrust) {
  const std::string name = "127.0.0.1";
  make_certificate(name);
  const std::string certificate = path_of(name + ".pem");
  ServeProcess server({kAnyPort, "--tls-certificate=" + certificate,
                       "--tls-key=" + path_of(name + ".key")});
  const std::string endpoint = "--endpoint=https://" + server.place();
  const Result trusting = weir({"top", endpoint, "--tls-ca=" + certificate});
  EXPECT_EQ(trusting.exit_code, 0) << trusting.err;
  const Result other = weir({"top", endpoint});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, StartsWith("weir: https://" + server.place() + ": "));
  EXPECT_EQ(weir({"top", endpoint, "--tls-ca=/no/such"}).exit_code, 2);
}

TEST(Top, FitsTheTerminal) {
  ServeProcess server({kAnyPort});
  create_plan(server.place(), R"("quota":{"limit":1,"period":"MONTH"})",
              std::string(200, 'n'));
  for (int i = 0; i < 3; ++i) call(server.place());
  const Strings arguments = {"top", "--endpoint=http://" + server.place(),
                             "--ascii"};
  const auto widest = [](const std::string& text) {
    EXPECT_THAT(text, AllOf(HasSubstr("nnnn"), Not(HasSubstr("\x1b"))));
    size_t most = 0;
    for (size_t at = 0, end; (end = text.find('\n', at)) != text.npos;
         at = end + 1) {
      most = std::max(most, end - at);
    }
    return most;
  };
  for (const unsigned short columns : {100, 150}) {
    const Terminal terminal(STDOUT_FILENO, columns);
    EXPECT_EQ(weir(arguments, "", "C.UTF-8", terminal.attach()).exit_code, 0);
    EXPECT_EQ(widest(terminal.text()), columns);
  }
  const Terminal error(STDERR_FILENO, 100);
  EXPECT_GT(widest(weir(arguments, "", "C.UTF-8", error.attach()).out), 200u);
}

// --watch shows it again and again, in place on a terminal, and also when the
// server does not respond, until the reader of its output goes away.
TEST(Top, Watches) {
  Terminal terminal(STDOUT_FILENO, 80);
  int status = 200;
  int requests = 0;
  std::string first, second;
  ServeProcess real({kAnyPort});
  const std::string answer = get(real.place(), "/-/refused-keys?limit=20");
  const auto server = *HttpServer::start({}, [&](const HttpRequest&) {
    switch (++requests) {
      case 2:
        first = terminal.text();
        status = 500;
        break;
      case 3:
        second = terminal.text();
        status = 200;
        terminal.hang_up();
    }
    return HttpResponse{status, {}, answer.substr(answer.find("\r\n\r\n") + 4)};
  });
  const std::string endpoint =
      absl::StrCat("--endpoint=http://127.0.0.1:", server->port());
  const Result result =
      weir({"top", "--watch", endpoint}, "", "C.UTF-8", terminal.attach());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(first, AllOf(StartsWith("\x1b[H\x1b[2J"), EndsWith("\n")));
  EXPECT_EQ(second, "");
  EXPECT_EQ(result.err,
            absl::StrCat("weir: http://127.0.0.1:", server->port(),
                         ": HTTP status 500\nweir: standard output: "
                         "write error\n"));
  EXPECT_EQ(requests, 3);
  // What is no terminal gets one below the other; and the first has to answer.
  requests = 3;
  const Result full = weir({"top", "--watch", endpoint}, "", "C.UTF-8", [] {
    dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
  });
  EXPECT_EQ(full.exit_code, 2);
  EXPECT_EQ(full.err, "weir: standard output: write error\n");
  EXPECT_EQ(requests, 4);
  status = 500;
  EXPECT_EQ(weir({"top", "--watch", endpoint}).exit_code, 1);
}

}  // namespace
}  // namespace weir::cli
