#include "weir/serve/refused_keys.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/gateway/request_observer.h"
#include "weir/gateway/stage_target.h"
#include "weir/proto/api_key.pb.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

constexpr int64_t kNoon = 1'789'300'800 * kSecond;

class RefusedKeysTest : public testing::Test {
 protected:
  ClientHandle client(int i) {
    while (clients_.size() <= static_cast<size_t>(i)) {
      v1::ApiKey key;
      key.set_value(absl::StrCat("a-key-with-the-number-", clients_.size()));
      EXPECT_TRUE(enforcer_->create_api_key(key).ok());
      clients_.push_back(enforcer_->resolve(key.value()));
    }
    return clients_[static_cast<size_t>(i)];
  }

  void refuse(const ClientHandle& client, Outcome outcome = Outcome::kThrottled,
              std::string_view target = "/shop/prod/x") {
    AnsweredRequest request;
    request.client = client;
    request.target = target;
    request.stage_target = parse_stage_target(target);
    request.decision.outcome = outcome;
    request.decision.forbidden =
        outcome == Outcome::kForbidden ? Forbidden::kNoPlan : Forbidden::kNo;
    request.decision.limit =
        outcome == Outcome::kThrottled       ? Limit::kPlanThrottle
        : outcome == Outcome::kQuotaExceeded ? Limit::kQuota
                                             : Limit::kNone;
    request.arrived = now_;
    keys_.observe(request);
  }
  RefusedKeys::Report report(size_t most = 1000) {
    return keys_.report(now_, most);
  }

  Instant now_{500 * kSecond, kNoon};
  std::unique_ptr<Enforcer> enforcer_ = *Enforcer::create();
  std::vector<ClientHandle> clients_;
  RefusedKeys keys_{now_};
};

TEST_F(RefusedKeysTest, NobodyAtFirst) {
  const auto report = this->report();
  EXPECT_TRUE(report.keys.empty());
  EXPECT_EQ(report.since_unix_ns, kNoon);
  EXPECT_EQ(report.total, (std::array<int64_t, 4>{}));
}

TEST_F(RefusedKeysTest, MostRefusedComesFirst) {
  for (int i = 0; i < 3; ++i) refuse(client(1));
  for (int i = 0; i < 5; ++i) refuse(client(2), Outcome::kQuotaExceeded);
  refuse(client(2), Outcome::kForbidden, "/shop/d%65v");
  refuse(ClientHandle(), Outcome::kForbidden);
  const auto report = this->report();
  ASSERT_EQ(report.keys.size(), 2u);
  EXPECT_EQ(report.total, (std::array<int64_t, 4>{0, 3, 5, 1}));
  EXPECT_EQ(report.unknown_key, 1);
  EXPECT_EQ(report.uncounted, 0);
  const auto& first = report.keys[0];
  EXPECT_EQ(first.client, client(2));
  EXPECT_EQ(first.refused, 6);
  EXPECT_EQ(first.uncertain, 0);
  EXPECT_EQ(first.refusals.by_outcome, (std::array<int64_t, 4>{0, 0, 5, 1}));
  EXPECT_EQ(first.refusals.forbidden, Forbidden::kNoPlan);
  EXPECT_EQ(first.refusals.stage, "shop/d%65v");
  EXPECT_EQ(first.refusals.unix_ns, kNoon);
  EXPECT_EQ(report.keys[1].refusals.limit, Limit::kPlanThrottle);
  EXPECT_EQ(this->report(1).keys.size(), 1u);
  EXPECT_EQ(this->report(1).keys[0].client, client(2));
}

TEST_F(RefusedKeysTest, ForgetsWhatIsSixMinutesOld) {
  for (int minute = 0; minute < 10; ++minute) {
    refuse(client(0));
    refuse(client(1 + minute));
    refuse(ClientHandle(), Outcome::kForbidden);
    const auto report = this->report();
    const int kept = std::min(minute + 1, 6);
    EXPECT_EQ(report.keys.size(), static_cast<size_t>(1 + kept));
    EXPECT_EQ(report.keys[0].client, client(0));
    EXPECT_EQ(report.keys[0].refused, kept);
    EXPECT_EQ(report.keys[0].refusals.unix_ns, now_.unix_ns);
    EXPECT_EQ(report.total[1], 2 * kept);
    EXPECT_EQ(report.unknown_key, kept);
    EXPECT_EQ(now_.unix_ns - report.since_unix_ns,
              (kept - 1) * RefusedKeys::kMinute);
    now_ = now_ + RefusedKeys::kMinute;
  }
  now_ = now_ + 4 * RefusedKeys::kMinute;
  EXPECT_EQ(report().keys.size(), 2u);
  now_ = now_ + RefusedKeys::kMinute;
  EXPECT_TRUE(report().keys.empty());
  EXPECT_EQ(report().total[1], 0);
  now_ = now_ + 1'000'000 * RefusedKeys::kMinute;
  EXPECT_TRUE(report().keys.empty());
}

TEST_F(RefusedKeysTest, ManyKeys_LeaveTheMostRefusedAndTheBounds) {
  // Twice as many as there are counters, of which ten are refused often; in two
  // minutes.
  constexpr int kKeys = 2 * RefusedKeys::kKeysAMinute;
  std::vector<int64_t> truth(kKeys);
  int64_t all = 0;
  for (int minute = 0; minute < 2; ++minute) {
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < kKeys; ++i) {
        const int times = i < 10 ? 10 + i : 1;
        for (int k = 0; k < times; ++k) refuse(client(i));
        truth[i] += times;
        all += times;
      }
      report();  // collects, lest they be too many at once
    }
    now_ = now_ + RefusedKeys::kMinute;
  }
  const auto report = this->report(20);
  EXPECT_EQ(report.total[1], all);
  EXPECT_EQ(report.uncounted, 0);
  ASSERT_EQ(report.keys.size(), 20u);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(report.keys[i].client, client(9 - i));
  }
  const int64_t bound = all / static_cast<int64_t>(RefusedKeys::kKeysAMinute);
  for (const auto& key : report.keys) {
    size_t i = 0;
    while (clients_[i] != key.client) ++i;
    EXPECT_LE(key.refused, truth[i]);
    EXPECT_GE(key.refused + key.uncertain, truth[i]);
    EXPECT_LE(key.uncertain, bound + 1);
  }
}

TEST_F(RefusedKeysTest, KeyThatIsNotCountedInAFullMinute_IsUncertain) {
  for (int i = 0; i < 512; ++i) refuse(client(1 + i));
  EXPECT_EQ(report().keys.size(), 512u);
  for (const auto& key : report().keys) EXPECT_EQ(key.uncertain, 0);
  now_ = now_ + RefusedKeys::kMinute;
  refuse(client(0));
  for (const auto& key : report().keys) {
    EXPECT_EQ(key.refused, 1);
    EXPECT_EQ(key.uncertain, key.client == client(0) ? 1 : 0);
  }
}

TEST_F(RefusedKeysTest, WhatComesTooFast_IsCountedAsUncounted) {
  client(0);
  // Far more than can wait; some are collected meanwhile.
  constexpr int64_t kThreads = 4, kEach = 50'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < kEach; ++i) refuse(clients_[0]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto report = this->report();
  EXPECT_EQ(report.total[1] + report.uncounted, kThreads * kEach);
  ASSERT_EQ(report.keys.size(), 1u);
  EXPECT_EQ(report.keys[0].refused, report.total[1]);
  // Lately.
  now_ = now_ + 6 * RefusedKeys::kMinute;
  EXPECT_EQ(this->report().uncounted, 0);
  refuse(client(0));
  EXPECT_EQ(this->report().total[1], 1);
  EXPECT_EQ(this->report().uncounted, 0);
}

// More than a machine answers while they wait to be counted.
TEST_F(RefusedKeysTest, SixteenThousandAtOnce_AreCounted) {
  client(0);
  for (int i = 0; i < 16'384; ++i) refuse(clients_[0]);
  const auto report = this->report();
  EXPECT_EQ(report.uncounted, 0);
  EXPECT_EQ(report.total[1], 16'384);
}

TEST_F(RefusedKeysTest, StagesAreBounded) {
  const std::string target = "/a/" + std::string(5000, 'x');
  refuse(client(0), Outcome::kForbidden, target);
  EXPECT_EQ(report().keys[0].refusals.stage.size(), 128u);
}

}  // namespace
}  // namespace weir
