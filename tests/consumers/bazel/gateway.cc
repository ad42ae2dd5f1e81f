// A gateway of another project: its own header is of the same name as one of
// Weir's.

#include <cstdlib>
#include <iostream>

#include "http/server.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_json.h"
#include "weir/store/sqlite_store.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

int main(int argc, char** argv) {
  weir::Options options;
  if (argc > 1) options.store = *weir::SqliteStore::open(argv[1]);
  const auto enforcer = *weir::Enforcer::create(options);
  enforcer
      ->create_usage_plan(*weir::usage_plan_from_json(R"({
          "id": "basic", "name": "basic",
          "apiStages": [{"apiId": "a1b2c3", "stage": "prod"}],
          "throttle": {"rateLimit": 0.1, "burstLimit": 2}})"))
      .value();
  weir::v1::ApiKey key;
  key.set_enabled(true);
  key = *enforcer->create_api_key(key);
  enforcer->create_usage_plan_key("basic", key.id()).value();
  const weir::Route route = *enforcer->intern_route("a1b2c3", "prod");
  for (int i = 0; i < kRequests; ++i) {
    std::cout << enforcer->admit({key.value(), route}).admitted();
  }

  // A bucket alone.
  const weir::TokenClock clock = *weir::TokenClock::create(1, 2, 0);
  weir::TokenBucket bucket;
  for (int i = 0; i < kRequests; ++i) {
    std::cout << (bucket.take(clock, clock.at(0), 1).outcome ==
                  weir::TakeOutcome::kTaken);
  }
  std::cout << "\n";
}
