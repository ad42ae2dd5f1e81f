#include "weir/serve/access_log.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/base/file_descriptor.h"
#include "weir/base/mutex.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/gateway/request_observer.h"
#include "weir/gateway/stage_target.h"
#include "weir/json/json_reader.h"
#include "weir/proto/api_key.pb.h"
#include "weir/serve/access_record.h"
#include "weir/serve/collector.h"
#include "weir/serve/log_file.h"

namespace weir {
namespace {

// 2026-11-30T15:13:41.123456789Z
constexpr int64_t kNow = 1'796'051'621'123'456'789;

AnsweredRequest request_for(std::string_view target) {
  AnsweredRequest request;
  request.method = "GET";
  request.target = target;
  request.stage_target = parse_stage_target(target);
  request.decision.outcome = Outcome::kAdmitted;
  request.decision.forbidden = Forbidden::kNo;
  request.decision.retry_after_ns = 0;
  request.status = 200;
  request.arrived.unix_ns = kNow;
  request.latency_ns = 123'000;
  return request;
}

std::string line_of(const AnsweredRequest& request,
                    const std::optional<std::string>& key_id = std::nullopt) {
  return access_log_line(AccessRecord(request), key_id);
}

// -- Lines --

TEST(AccessLogLine, OfAnAdmittedRequest) {
  AnsweredRequest request = request_for("/shop/prod/pets/17?secret=1");
  request.method_key = "/pets/{id}/GET";
  EXPECT_EQ(
      line_of(request, "a1b2c3d4e5"),
      R"({"time":"2026-11-30T15:13:41.123456Z","key_id":"a1b2c3d4e5",)"
      R"("api_id":"shop","stage":"prod","method":"GET","path":"/pets/17",)"
      R"("method_key":"/pets/{id}/GET","outcome":"admitted","limit":null,)"
      R"("cost":1,"retry_after":null,"status":200,"latency":0.000123})"
      "\n");
}

TEST(AccessLogLine, OfARefusedRequest) {
  AnsweredRequest request = request_for("/shop/prod");
  request.decision.outcome = Outcome::kThrottled;
  request.decision.limit = Limit::kPlanThrottle;
  request.decision.retry_after_ns = 1'250'000'000;
  request.status = 429;
  request.cost = 3;
  EXPECT_TRUE(absl::EndsWith(
      line_of(request),
      R"("path":"/","method_key":null,"outcome":"throttled",)"
      R"("limit":"throttle","cost":3,"retry_after":1.25,"status":429,)"
      R"("latency":0.000123})"
      "\n"))
      << line_of(request);
  // To the nanosecond, also where it is a month.
  request.decision.retry_after_ns = 2'678'391'123'456'789;
  EXPECT_TRUE(absl::StrContains(line_of(request),
                                R"("retry_after":2678391.123456789,)"))
      << line_of(request);
  request.decision.retry_after_ns = Decision::kNever;
  EXPECT_TRUE(absl::StrContains(line_of(request), R"("retry_after":null,)"));
  const std::pair<Limit, const char*> kLimits[] = {
      {Limit::kMethodThrottle, R"("limit":"method_throttle",)"},
      {Limit::kQuota, R"("limit":"quota",)"},
      {Limit::kSharedThrottle, R"("limit":"shared_throttle",)"},
      {Limit::kSharedMethodThrottle, R"("limit":"shared_method_throttle",)"},
      {Limit::kNone, R"("limit":null,)"}};
  for (const auto& [limit, text] : kLimits) {
    request.decision.limit = limit;
    EXPECT_TRUE(absl::StrContains(line_of(request), text)) << text;
  }
}

TEST(AccessLogLine, OfATargetThatIsOfNoStage) {
  for (const auto& [target, path] :
       {std::pair<std::string, std::string>{"/shop?x=/a/b", "/shop"},
        {"/a/../b/c?d", "/a/../b/c"},
        {"*", "*"},
        {"", ""},
        {"/" + std::string(5000, 'x'), "/" + std::string(1023, 'x')}}) {
    const std::string line = line_of(request_for(target));
    EXPECT_TRUE(absl::StrContains(
        line, absl::StrCat(R"("key_id":null,"api_id":null,"stage":null,)",
                           R"("method":"GET","path":")", path, R"(",)")))
        << line;
  }
}

TEST(AccessLogLine, IsOneLineOfJsonWhateverIsInIt) {
  AnsweredRequest request = request_for("/\x01\n\"\\\x7f\xff\xc3/\xe2\x82");
  const std::string method(5000, '"');
  request.method = method;
  const std::string line = line_of(request, "k\n\"");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_LT(line.size(), 500u);
  const auto value = parse_json(line);
  ASSERT_TRUE(value.ok()) << value.status() << line;
  const auto& members = value->struct_value().fields();
  EXPECT_EQ(members.at("key_id").string_value(), "k\n\"");
  EXPECT_EQ(members.at("path").string_value(),
            "/\x01\n\"\\\x7f\xEF\xBF\xBD\xEF\xBF\xBD/\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(members.at("method").string_value(), std::string(32, '"'));
}

TEST(AccessLogLine, DecodesTheNamesOfTheStage) {
  const std::string line = line_of(request_for("/sho%70/%22pr%2Fod/x%20y"));
  EXPECT_TRUE(absl::StrContains(
      line, R"("api_id":"shop","stage":"\"pr/od","method":"GET",)"
            R"("path":"/x%20y",)"))
      << line;
}

// -- The log --

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() : path_(folder_ + "/access.log") {
    std::filesystem::create_directory(folder_);
  }
  ~AccessLogTest() override { std::filesystem::remove_all(folder_); }

  void open(const std::string& path) {
    AccessLogOptions options;
    options.path = path;
    options.key_id = [this](const ClientHandle& client) {
      ++asked_;
      auto id = enforcer_->api_key_id(client);
      return id.ok() ? std::optional(*id) : std::nullopt;
    };
    options.report = [this](const std::string& message) {
      const internal::MutexLock lock(mutex_);
      reports_.push_back(message);
    };
    auto log = AccessLog::open(std::move(options));
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  void observe(const std::string& target, const ClientHandle& client = {}) {
    AnsweredRequest request = request_for(target);
    request.client = client;
    log_->observe(request);
  }

  std::vector<std::string> reports() {
    const internal::MutexLock lock(mutex_);
    return reports_;
  }

  static std::vector<std::string> lines(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    std::vector<std::string> lines = absl::StrSplit(text.str(), '\n');
    EXPECT_EQ(lines.back(), "") << "a line without an end";
    lines.pop_back();
    return lines;
  }

  template <class Condition>
  static void wait_for(Condition condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (!condition()) {
      ASSERT_LT(absl::Now(), deadline);
      absl::SleepFor(absl::Milliseconds(2));
    }
  }

  const std::string folder_ =
      absl::StrCat(testing::TempDir(), "/access_log_test.", getpid());
  const std::string path_;
  std::unique_ptr<Enforcer> enforcer_ = *Enforcer::create();
  std::atomic<int> asked_{0};
  internal::Mutex mutex_;
  std::vector<std::string> reports_;
  std::unique_ptr<AccessLog> log_;
};

TEST_F(AccessLogTest, WritesByItselfAndAtTheEnd) {
  open(path_);
  observe("/a/b/first");
  wait_for([&] { return lines(path_).size() == 1; });
  EXPECT_EQ(log_->statistics().lines, 1);
  for (int i = 0; i < 100; ++i) observe(absl::StrCat("/a/b/", i));
  log_->close();
  const auto all = lines(path_);
  ASSERT_EQ(all.size(), 101u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(absl::StrContains(all[i + 1], absl::StrCat("\"/", i, "\"")));
  }
  EXPECT_EQ(log_->statistics().lines, 101);
  EXPECT_EQ(log_->statistics().dropped, 0);
  log_ = nullptr;
  EXPECT_TRUE(reports().empty());
}

TEST_F(AccessLogTest, ThreadsLoseNothingAndAreNotMixed) {
  constexpr int kThreads = 4, kEach = 5000;
  open(path_);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) observe(absl::StrCat("/a/b/", t, "/", i));
    });
  }
  for (int i = 0; i < 20; ++i) {
    std::filesystem::rename(path_, absl::StrCat(path_, i));
    ASSERT_TRUE(log_->reopen().ok());
  }
  for (std::thread& thread : threads) thread.join();
  log_->close();
  std::vector<int> next(kThreads);
  for (int file = 0; file <= 20; ++file) {
    for (const std::string& line :
         lines(file < 20 ? absl::StrCat(path_, file) : path_)) {
      const auto value = parse_json(line);
      ASSERT_TRUE(value.ok()) << line;
      const std::vector<std::string> parts = absl::StrSplit(
          value->struct_value().fields().at("path").string_value(), '/');
      const int thread = std::stoi(parts[1]);
      ASSERT_EQ(std::stoi(parts[2]), next[thread]++);
    }
  }
  EXPECT_EQ(next, std::vector<int>(kThreads, kEach));
}

TEST_F(AccessLogTest, KeysAreAskedForOnce) {
  v1::ApiKey key;
  key.set_id("gold");
  key.set_value("gold-0123456789abcdef");
  ASSERT_TRUE(enforcer_->create_api_key(key).ok());
  const ClientHandle client = enforcer_->resolve(key.value());
  open(path_);
  for (int i = 0; i < 10; ++i) observe("/a/b", client);
  observe("/a/b");
  // Deleted before anybody has looked: it has still been its.
  key.set_id("tin");
  key.set_value("tin-0123456789abcdefg");
  ASSERT_TRUE(enforcer_->create_api_key(key).ok());
  observe("/a/b", enforcer_->resolve(key.value()));
  ASSERT_TRUE(enforcer_->delete_api_key("tin").ok());
  log_->close();
  const auto all = lines(path_);
  ASSERT_EQ(all.size(), 12u);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(absl::StrContains(all[i], R"("key_id":"gold")"));
  }
  EXPECT_TRUE(absl::StrContains(all[10], R"("key_id":null)"));
  EXPECT_TRUE(absl::StrContains(all[11], R"("key_id":"tin")"));
  EXPECT_EQ(asked_, 2);
}

TEST_F(AccessLogTest, FileIsItsOwnersAndItsGroups) {
  const mode_t before = umask(0);
  open(path_);
  umask(before);
  struct stat about;
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0640u);
}

// /dev/full takes nothing, as a disk that stays full.
TEST_F(AccessLogTest, FullDisk_IsSaidOnceAndBounded) {
  open("/dev/full");
  const std::string target = "/a/b/" + std::string(16'000, 'x');
  const int kRequests = 4000;  // 64 MB: more than there is room for
  for (int i = 0; i < kRequests; ++i) observe(target);
  wait_for([&] { return log_->statistics().write_errors >= 2; });
  const auto before_close = log_->statistics();
  EXPECT_EQ(before_close.lines, 0);
  EXPECT_GT(before_close.dropped, kRequests / 2);
  log_->close();
  EXPECT_EQ(log_->statistics().dropped, kRequests);
  const auto said = reports();
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[0],
            "access log: /dev/full: cannot be written: No space left on "
            "device; lines wait in memory while there is room");
  EXPECT_TRUE(absl::StartsWith(said[1], "access log: /dev/full: "));
  EXPECT_TRUE(absl::EndsWith(said[1], " lines could not be written"));
}

TEST_F(AccessLogTest, ReopeningEndsAnError) {
  std::filesystem::create_symlink("/dev/full", path_);
  open(path_);
  observe("/a/b/first");
  wait_for([&] { return log_->statistics().write_errors > 0; });
  std::filesystem::remove(path_);
  ASSERT_TRUE(log_->reopen().ok());
  observe("/a/b/second");
  log_->close();
  EXPECT_EQ(lines(path_).size(), 2u);
  const auto said = reports();
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[1], absl::StrCat("access log: ", path_,
                                  ": is written again; 0 lines were dropped"));
}

// A disk that is full now and then does not fill the other log.
TEST_F(AccessLogTest, ErrorsAreSaidOnceAMinute) {
  std::filesystem::create_symlink("/dev/full", path_);
  open(path_);
  for (int i = 1; i <= 3; ++i) {
    const int64_t before = log_->statistics().write_errors;
    observe("/a/b/c");
    wait_for([&] { return log_->statistics().write_errors > before; });
    std::filesystem::remove(path_);
    ASSERT_TRUE(log_->reopen().ok());
    EXPECT_EQ(lines(path_).size(), 1u);
    std::filesystem::remove(path_);
    std::filesystem::create_symlink("/dev/full", path_);
    ASSERT_TRUE(log_->reopen().ok());
    EXPECT_EQ(reports().size(), 2u) << "that it failed, and was written again";
  }
}

TEST_F(AccessLogTest, ReopeningFails_GoesOnWithThePresentFile) {
  open(path_);
  std::filesystem::rename(path_, path_ + ".1");
  std::filesystem::create_directory(path_);
  const absl::Status status = log_->reopen();
  EXPECT_EQ(status.message(), "Is a directory");
  observe("/a/b");
  log_->close();
  EXPECT_EQ(lines(path_ + ".1").size(), 1u);
}

TEST_F(AccessLogTest, PipeWithoutAReader_IsAnError) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  AccessLogOptions options;
  options.path = path_;
  EXPECT_FALSE(AccessLog::open(options).ok());
}

// -- Its parts --

TEST(LogFile, EndsATornLine) {
  const std::string path = absl::StrCat(testing::TempDir(), "/torn.log");
  for (const auto& [before, after] :
       {std::pair{"", "x\n"}, {"a\n", "a\nx\n"}, {"a", "a\nx\n"}}) {
    std::ofstream(path) << before;
    auto file = LogFile::open(path);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->append("x\n", absl::ZeroDuration()).bytes, 2u);
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), after);
  }
}

TEST(LogFile, SlowReader_CostsNoMoreThanThePatience) {
  const std::string path = absl::StrCat(testing::TempDir(), "/slow.pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const internal::Descriptor reader(
      ::open(path.c_str(), O_RDONLY | O_NONBLOCK));
  auto file = LogFile::open(path);
  ASSERT_TRUE(file.ok());
  const std::string text(1 << 20, 'x');
  const auto first = file->append(text, absl::Milliseconds(50));
  EXPECT_TRUE(absl::IsDeadlineExceeded(first.status));
  EXPECT_GT(first.bytes, 0u);
  EXPECT_LT(first.bytes, text.size());
  std::string read_back(first.bytes, '\0');
  EXPECT_EQ(read(reader.number(), read_back.data(), read_back.size()),
            static_cast<ssize_t>(first.bytes));
  const auto second = file->append("y", absl::ZeroDuration());
  EXPECT_TRUE(second.status.ok()) << second.status;
  unlink(path.c_str());
}

// One that cannot be ended is not written to.
TEST(LogFile, ATornLineThatCannotBeEndedIsAnError) {
  const std::string path = absl::StrCat(testing::TempDir(), "/full.log");
  std::ofstream(path) << "a";
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit full = before;
  full.rlim_cur = 1;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  const absl::Status status = LogFile::open(path).status();
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(status.message(), "File too large");
}

// Standard output may be a pipe that whoever made it writes to in peace: a
// write to it waits for its reader.
TEST(LogFile, StandardOutputIsNotWaitedForEither) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  const internal::Descriptor reader(ends[0]), kept(dup(STDOUT_FILENO));
  dup2(ends[1], STDOUT_FILENO);
  close(ends[1]);
  auto file = LogFile::open("-");
  dup2(kept.number(), STDOUT_FILENO);
  ASSERT_TRUE(file.ok());
  const std::string text(1 << 20, 'x');
  const auto appended = file->append(text, absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(appended.status)) << appended.status;
  EXPECT_GT(appended.bytes, 0u);
  EXPECT_LT(appended.bytes, text.size());
}

TEST(Collector, SleepsWhileNothingIsLeft) {
  std::atomic<int> rounds{0}, items{0};
  {
    Collector<int> collector({100, absl::ZeroDuration()},
                             {[&](int&& item) { items += item; },
                              [&] {
                                ++rounds;
                                return absl::InfiniteDuration();
                              }});
    absl::SleepFor(absl::Milliseconds(20));
    EXPECT_EQ(rounds, 0);
    collector.leave(7, 1);
    while (items != 7) absl::SleepFor(absl::Milliseconds(1));
    collector.leave(8, 1000);
    EXPECT_EQ(collector.dropped(), 1);
    // Whoever asks need not wait for the thread.
    collector.leave(5, 1);
    collector.collect([&] { EXPECT_EQ(items, 12); });
    collector.leave(1, 1);
  }
  EXPECT_EQ(items, 13) << "the last is collected at the end";
}

TEST(Collector, IsNotWaitedForLongerThanTheCallerWants) {
  Wakener answer;
  std::vector<int> seen;
  Collector<int> collector(
      {100, absl::ZeroDuration()},
      {[&](int item) {
         answer.wait(absl::InfiniteDuration());
         seen.push_back(item);
       },
       [] { return absl::InfiniteDuration(); }, [&] { seen.push_back(0); }});
  collector.leave(1, 1);
  collector.leave(2, 1);
  EXPECT_FALSE(collector.stop(absl::Milliseconds(10)));
  EXPECT_FALSE(collector.stop(absl::ZeroDuration()));
  answer.wake();
  answer.wake();
  EXPECT_TRUE(collector.stop());
  EXPECT_TRUE(collector.stop());
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 0}));
}

}  // namespace
}  // namespace weir
