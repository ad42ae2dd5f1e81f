// `admit()` neither allocates nor locks nor makes a system call. The kernel is
// the witness for the last: a child process in seccomp's strict mode, where
// anything but read, write and exit is death, goes through every outcome.

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <string>

#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace {

std::atomic<int64_t> allocations{0};
std::atomic<int64_t> locks{0};

}  // namespace

// All of the process's allocations and locks go through these.
extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* block, size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(block, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  using Lock = int (*)(pthread_mutex_t*);
  static const auto lock =
      reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  locks.fetch_add(1, std::memory_order_relaxed);
  return lock(mutex);
}

}  // extern "C"

namespace weir {
namespace {

constexpr char kKey[] = "a-key-of-twenty-and-more-characters";
constexpr char kDisabledKey[] = "a-disabled-key-of-more-characters";

struct Gateway {
  // With a clock, calls bring their own time; without, the system's is read.
  explicit Gateway(std::shared_ptr<Clock> clock) {
    Options options;
    options.clock = std::move(clock);
    enforcer = *Enforcer::create(options);
    v1::UsagePlan plan;
    plan.set_id("plan");
    plan.set_name("plan");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    plan.mutable_throttle()->set_rate_limit(1000);
    plan.mutable_throttle()->set_burst_limit(100);
    auto& methods = *stage->mutable_throttle();
    for (int i = 0; i < 20; ++i) {
      auto& throttle = methods["/m" + std::to_string(i) + "/GET"];
      throttle.set_rate_limit(10);
      throttle.set_burst_limit(10);
    }
    plan.mutable_quota()->set_limit(500);
    plan.mutable_quota()->set_period(v1::DAY);
    EXPECT_TRUE(enforcer->create_usage_plan(plan).ok());
    for (const char* value : {kKey, kDisabledKey}) {
      v1::ApiKey key;
      key.set_value(value);
      key.set_enabled(value == kKey);
      EXPECT_TRUE(enforcer
                      ->create_usage_plan_key(
                          "plan", enforcer->create_api_key(key)->id())
                      .ok());
    }
    covered = *enforcer->intern_route("api", "prod");
    other = *enforcer->intern_route("api", "test");
    for (int i = 0; i < 20; ++i) {
      methods_routes[i] = *enforcer->intern_route(
          "api", "prod", "/m" + std::to_string(i) + "/GET");
    }
  }

  // Every outcome, first uses of method buckets, and `days` midnights. Returns
  // how often each outcome was seen, as bits.
  int run(int days, bool own_time) noexcept {
    int seen = 0;
    Instant now{days_from, days_from};
    const auto ask = [&](std::string_view key, Route route) {
      Call call{key, route, 1, std::nullopt};
      if (own_time) call.now = now;
      seen |= 1 << static_cast<int>(enforcer->admit(call).outcome);
    };
    for (int day = 0; day < days; ++day) {
      for (int i = 0; i < 150; ++i) ask(kKey, covered);
      for (int i = 0; i < 20; ++i) {
        for (int j = 0; j < 12; ++j) ask(kKey, methods_routes[i]);
      }
      // What the throttle lets through uses up the quota.
      for (int i = 0; i < 400; ++i) {
        now = now + 1'000'000;
        ask(kKey, covered);
      }
      ask("nobody's key", covered);
      ask(kDisabledKey, covered);
      ask(kKey, other);
      now = now + (kDay - 400'000'000);
    }
    return seen;
  }

  static constexpr int64_t days_from = 20'000 * kDay;
  std::unique_ptr<Enforcer> enforcer;
  Route covered;
  Route other;
  Route methods_routes[20];
};

constexpr int kEveryOutcome = 0b1111;
constexpr int kQuotaExceeded = 1 << static_cast<int>(Outcome::kQuotaExceeded);

TEST(AdmitPurity, DoesNotAllocateOrLock) {
  Gateway gateway(std::make_shared<ManualClock>(Gateway::days_from));
  gateway.enforcer->admit({});  // Registers the thread.
  const int64_t allocations_before = allocations;
  const int64_t locks_before = locks;
  EXPECT_EQ(gateway.run(100, /*own_time=*/true), kEveryOutcome);
  EXPECT_EQ(allocations, allocations_before);
  EXPECT_EQ(locks, locks_before);
  // The counters count.
  EXPECT_TRUE(gateway.enforcer->get_usage_plan("plan").ok());
  EXPECT_GT(allocations, allocations_before);
  EXPECT_GT(locks, locks_before);
}

// Runs `body` where any system call but exit kills; returns how the process
// ended. (seccomp's strict mode would also forbid reading the cycle counter,
// which the vDSO does.)
template <class Body>
int wait_status_without_system_calls(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const sock_fprog program = {4, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
      _exit(99);
    }
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(AdmitPurity, MakesNoSystemCall) {
  for (const bool own_time : {true, false}) {
    std::shared_ptr<Clock> clock;
    if (own_time) clock = std::make_shared<ManualClock>(Gateway::days_from);
    Gateway gateway(clock);
    gateway.enforcer->admit({});
    // With the system's clock there is no waiting for midnights: one round,
    // which gets as far as the throttle.
    const int status = wait_status_without_system_calls(
        [&] { return gateway.run(own_time ? 100 : 1, own_time); });
    ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status) | (own_time ? 0 : kQuotaExceeded),
              kEveryOutcome);
  }
}

// The control plane is held inside a patch, with every lock that it takes.
TEST(AdmitPurity, DoesNotWaitForTheControlPlane) {
  // A clock that says when the control plane reads it, which is under its
  // mutex.
  class BlockingClock final : public Clock {
   public:
    Instant now() noexcept override {
      if (block.load()) {
        blocked = true;
        while (block.load()) usleep(1000);
      }
      return {Gateway::days_from, Gateway::days_from};
    }
    std::atomic<bool> block{false};
    std::atomic<bool> blocked{false};
  };
  const auto clock = std::make_shared<BlockingClock>();
  Gateway gateway(clock);
  gateway.enforcer->admit({});
  clock->block = true;
  pthread_t writer;
  pthread_create(
      &writer, nullptr,
      [](void* argument) -> void* {
        auto* gateway = static_cast<Gateway*>(argument);
        EXPECT_TRUE(
            gateway->enforcer
                ->apply_patch("plan", {replace("/throttle/rateLimit", "2000")})
                .ok());
        return nullptr;
      },
      &gateway);
  while (!clock->blocked) usleep(1000);
  EXPECT_EQ(gateway.run(20, /*own_time=*/true), kEveryOutcome);
  clock->block = false;
  pthread_join(writer, nullptr);
}

// The proof above would be empty if system calls did not kill.
TEST(AdmitPurity, TheWitnessIsAwake) {
  const int status = wait_status_without_system_calls([] {
    syscall(SYS_getppid);
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
