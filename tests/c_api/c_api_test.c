/* weir.h from C: every function, what it answers, and what it says of errors.
 */

#define _XOPEN_SOURCE 700 /* clock_gettime(), truncate() */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "weir/weir.h"

static int failures = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

/* A C string as two arguments. */
#define S(text) (text), strlen(text)

static const char kKey[] = "a-key-of-20-characters-and-more";
static const char kDay[] = "2026-02-16";

/* Both clocks, to stand still from here on. */
static weir_instant read_clocks(void) {
  struct timespec monotonic, realtime;
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_REALTIME, &realtime);
  const weir_instant now = {
      monotonic.tv_sec * INT64_C(1000000000) + monotonic.tv_nsec,
      realtime.tv_sec * INT64_C(1000000000) + realtime.tv_nsec};
  return now;
}

/* Checks an answer and frees it. */
static int answers(weir_text* answer, const char* expected) {
  const int same = answer->data != NULL &&
                   strcmp(answer->data, expected) == 0 &&
                   answer->size == strlen(expected);
  if (!same)
    fprintf(stderr, "not \"%s\":\n    \"%s\"\n", expected, answer->data);
  weir_text_free(answer);
  return same;
}

static int answer_contains(weir_text* answer, const char* part) {
  const int found = answer->data != NULL && strstr(answer->data, part) != NULL;
  if (!found) fprintf(stderr, "no \"%s\" in \"%s\"\n", part, answer->data);
  weir_text_free(answer);
  return found;
}

static weir_enforcer* open_with(const weir_options* options) {
  weir_enforcer* enforcer = NULL;
  weir_text answer = {NULL, 0};
  CHECK(weir_open(options, &enforcer, &answer) == WEIR_OK);
  CHECK(answers(&answer, ""));
  return enforcer;
}

static weir_options small_options(void) {
  weir_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.arena_bytes = 1 << 24;
  return options;
}

/* A plan "gold" with a key "k1". */
static void add_plan_and_key(weir_enforcer* enforcer) {
  static const char plan[] =
      "{\"id\":\"gold\",\"name\":\"gold\",\"apiStages\":[{\"apiId\":\"api\","
      "\"stage\":\"prod\",\"throttle\":{\"/pets/GET\":{\"rateLimit\":1,"
      "\"burstLimit\":1}}}],\"throttle\":{\"rateLimit\":10,\"burstLimit\":3},"
      "\"quota\":{\"limit\":100,\"period\":\"WEEK\"}}";
  weir_text answer = {NULL, 0};
  CHECK(weir_create_usage_plan(enforcer, S(plan), &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "\"id\":\"gold\""));
  char keys[200];
  snprintf(keys, sizeof keys,
           "[{\"name\":\"one\",\"value\":\"%s\",\"enabled\":true}]", kKey);
  CHECK(weir_import_api_keys(enforcer, S(keys), S("gold"), &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "[\""));
}

static weir_route route_of(weir_enforcer* enforcer, const char* method) {
  weir_route route = 0;
  CHECK(weir_intern_route(enforcer, S("api"), S("prod"), S(method), &route,
                          NULL) == WEIR_OK);
  CHECK(route != 0);
  return route;
}

static void test_admit(void) {
  const weir_options options = small_options();
  weir_enforcer* const enforcer = open_with(&options);
  add_plan_and_key(enforcer);
  const weir_route route = route_of(enforcer, "");
  const weir_route pets = route_of(enforcer, "/pets/GET");
  CHECK(route_of(enforcer, "/pets/GET") == pets);

  const weir_instant now = read_clocks();
  weir_call call = {sizeof call, kKey, sizeof kKey - 1, {{0, 0}}, route,
                    1,           now};
  weir_decision decision;
  memset(&decision, 0, sizeof decision);
  decision.size = sizeof decision;
  CHECK(weir_admit_call(enforcer, &call, &decision) == WEIR_ADMITTED);
  CHECK(decision.size == sizeof decision);
  CHECK(decision.outcome == WEIR_ADMITTED);
  CHECK(decision.forbidden == WEIR_NOT_FORBIDDEN);
  CHECK(decision.limit == WEIR_NO_LIMIT);
  CHECK(decision.retry_after_ns == 0);
  CHECK(decision.made_at_unix_ns == now.unix_time);
  CHECK(decision.burst == 3);
  CHECK(decision.burst_window_seconds == 1);
  CHECK(decision.quota_limit == 100);
  CHECK(decision.quota_remaining == 99);
  CHECK(weir_tokens_remaining(&decision) == 2);
  const int64_t reset = weir_period_reset_unix_ns(&decision);
  const int64_t day_ns = INT64_C(86400) * 1000000000;
  CHECK(reset > now.unix_time && reset <= now.unix_time + 7 * day_ns);
  CHECK(reset % (7 * day_ns) == 3 * day_ns); /* 1970-01-04 was a Sunday */
  CHECK(weir_period_seconds(&decision) == 7 * 86400);
  const char* body = NULL;
  const char* type = NULL;
  CHECK(weir_http_status(&decision, &body, &type) == 200);
  CHECK(strcmp(body, "") == 0 && strcmp(type, "") == 0);

  call.cost = 3;
  CHECK(weir_admit_call(enforcer, &call, &decision) == WEIR_THROTTLED);
  CHECK(decision.limit == WEIR_PLAN_THROTTLE);
  CHECK(decision.retry_after_ns == 100000000);
  CHECK(weir_tokens_remaining(&decision) == 2);
  CHECK(weir_http_status(&decision, &body, &type) == 429);
  CHECK(strcmp(body, "{\"message\":\"Too Many Requests\"}") == 0);
  CHECK(strcmp(type, "TooManyRequestsException") == 0);
  CHECK(weir_http_status(&decision, NULL, NULL) == 429);

  char headers[WEIR_MAX_HEADER_BYTES];
  size_t size = weir_rate_limit_headers(&decision, WEIR_HEADERS_IETF_DRAFT_11,
                                        0, headers, sizeof headers);
  CHECK(size == strlen(headers));
  CHECK(strncmp(headers, "Retry-After: 1\r\n", 16) == 0);
  CHECK(strstr(headers, "\r\nRateLimit: ") != NULL);
  CHECK(strcmp(headers + size - 2, "\r\n") == 0);
  /* Room for the first header alone, then for less. */
  CHECK(weir_rate_limit_headers(&decision, WEIR_HEADERS_IETF_DRAFT_11, 0,
                                headers, 17) == 16);
  CHECK(weir_rate_limit_headers(&decision, WEIR_HEADERS_IETF_DRAFT_11, 0,
                                headers, 16) == 0);
  CHECK(headers[0] == '\0');
  CHECK(weir_rate_limit_headers(&decision, WEIR_HEADERS_IETF_DRAFT_11, 0, NULL,
                                0) == 0);
  CHECK(weir_rate_limit_headers(&decision, WEIR_HEADERS_OFF, 0, headers,
                                sizeof headers) == 0);
  CHECK(weir_rate_limit_headers(&decision, 77, 0, headers, sizeof headers) ==
        0);
  call.cost = 4;
  CHECK(weir_admit_call(enforcer, &call, &decision) == WEIR_THROTTLED);
  CHECK(decision.retry_after_ns == WEIR_NEVER);

  /* The method's throttle, and the quota. */
  call.route = pets;
  call.cost = 1;
  CHECK(weir_admit_call(enforcer, &call, &decision) == WEIR_ADMITTED);
  CHECK(weir_admit_call(enforcer, &call, &decision) == WEIR_THROTTLED);
  CHECK(decision.limit == WEIR_METHOD_THROTTLE);
  CHECK(decision.retry_after_ns == 1000000000);
  CHECK(weir_update_usage(enforcer, S("gold"), S(""), S("[]"), NULL) ==
        WEIR_NOT_FOUND);

  /* By handle. */
  weir_client client = weir_resolve(enforcer, kKey, sizeof kKey - 1);
  weir_text answer = {NULL, 0};
  CHECK(weir_api_key_id(enforcer, &client, &answer) == WEIR_OK);
  char id[80];
  snprintf(id, sizeof id, "%s", answer.data);
  weir_text_free(&answer);
  call.api_key = NULL;
  call.client = client;
  call.route = route;
  CHECK(weir_admit_call(enforcer, &call, &decision) == WEIR_ADMITTED);
  CHECK(decision.quota_remaining == 97);
  CHECK(weir_update_usage(
            enforcer, S("gold"), S(id),
            S("[{\"op\":\"replace\",\"path\":\"/remaining\",\"value\":\"0\"}]"),
            NULL) == WEIR_OK);
  weir_client nobody =
      weir_resolve(enforcer, S("no-such-key-of-20-characters"));
  CHECK(nobody.opaque[0] == 0 && nobody.opaque[1] == 0);
  CHECK(weir_api_key_id(enforcer, &nobody, &answer) == WEIR_NOT_FOUND);
  CHECK(answer.size > 0);
  weir_text_free(&answer);
  CHECK(answer.data == NULL && answer.size == 0);
  weir_text_free(&answer);
  weir_text_free(NULL);

  /* Refusals that name a reason; the first is what all zeros would say. */
  memset(&call, 0, sizeof call);
  call.size = sizeof call;
  CHECK(weir_admit_call(enforcer, &call, &decision) == WEIR_FORBIDDEN);
  CHECK(decision.forbidden == WEIR_UNKNOWN_KEY);
  CHECK(decision.retry_after_ns == WEIR_NEVER);
  CHECK(decision.burst == -1 && decision.quota_limit == -1);
  CHECK(weir_tokens_remaining(&decision) == -1);
  CHECK(weir_period_reset_unix_ns(&decision) == WEIR_NEVER);
  CHECK(weir_period_seconds(&decision) == 0);
  CHECK(weir_http_status(&decision, &body, &type) == 403);
  CHECK(strcmp(body, "{\"message\":\"Forbidden\"}") == 0);
  CHECK(weir_admit(enforcer, kKey, sizeof kKey - 1, 0, 1, &decision) ==
        WEIR_FORBIDDEN);
  CHECK(decision.forbidden == WEIR_NO_PLAN);
  CHECK(
      weir_update_api_key(
          enforcer, S(id),
          S("[{\"op\":\"replace\",\"path\":\"/enabled\",\"value\":\"false\"}]"),
          &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "\"enabled\":false"));
  CHECK(weir_admit(enforcer, kKey, sizeof kKey - 1, route, 1, NULL) ==
        WEIR_FORBIDDEN);
  CHECK(
      weir_update_api_key(
          enforcer, S(id),
          S("[{\"op\":\"replace\",\"path\":\"/enabled\",\"value\":\"true\"}]"),
          NULL) == WEIR_OK);
  CHECK(weir_admit(enforcer, NULL, 5, route, 1, NULL) == WEIR_FORBIDDEN);
  weir_close(enforcer);
}

/* Callers that were compiled with a smaller structure, or with a larger one. */
static void test_sizes(void) {
  const weir_options options = small_options();
  weir_enforcer* const enforcer = open_with(&options);
  add_plan_and_key(enforcer);
  const weir_route route = route_of(enforcer, "");

  /* A decision of three members is not written beyond its end. */
  struct {
    size_t size;
    uint8_t outcome, forbidden, limit, reserved[5];
    int64_t guard;
  } small;
  memset(&small, 0xAA, sizeof small);
  small.size = offsetof(weir_decision, retry_after_ns);
  CHECK(weir_admit(enforcer, kKey, sizeof kKey - 1, route, 1,
                   (weir_decision*)(void*)&small) == WEIR_ADMITTED);
  CHECK(small.outcome == WEIR_ADMITTED);
  CHECK(small.size == offsetof(weir_decision, retry_after_ns));
  CHECK(small.guard == (int64_t)UINT64_C(0xAAAAAAAAAAAAAAAA));
  /* Of one without a size nothing is written: it goes on saying "forbidden". */
  weir_decision none;
  memset(&none, 0, sizeof none);
  CHECK(weir_admit(enforcer, kKey, sizeof kKey - 1, route, 1, &none) ==
        WEIR_ADMITTED);
  CHECK(none.outcome == WEIR_FORBIDDEN && none.burst == 0);

  /* Calls and decisions of later versions, which are longer: an array of them
   * is gone through by the first one's size. */
  enum { kCalls = 70 };
  struct long_call {
    weir_call call;
    int64_t later[3];
  }* calls = calloc(kCalls, sizeof *calls);
  struct long_decision {
    weir_decision decision;
    int64_t later;
  }* decisions = calloc(kCalls, sizeof *decisions);
  const weir_instant now = read_clocks();
  for (int i = 0; i < kCalls; ++i) {
    calls[i].call.api_key = kKey;
    calls[i].call.api_key_size = i == 40 ? 3 : sizeof kKey - 1;
    calls[i].call.route = route;
    calls[i].call.cost = i == 0 ? 1 : 0;
    calls[i].call.now = now;
    calls[i].later[1] = decisions[i].later = -1;
  }
  calls[0].call.size = sizeof calls[0];
  decisions[0].decision.size = sizeof decisions[0];
  CHECK(weir_admit_batch(enforcer, &calls[0].call, &decisions[0].decision,
                         kCalls) == kCalls - 1);
  for (int i = 0; i < kCalls; ++i) {
    CHECK(decisions[i].decision.outcome ==
          (i == 40 ? WEIR_FORBIDDEN : WEIR_ADMITTED));
    CHECK(decisions[i].decision.size == sizeof decisions[i]);
    CHECK(decisions[i].later == -1);
  }
  CHECK(decisions[69].decision.quota_remaining == 97);
  /* The first finds no token left. */
  CHECK(weir_admit_batch(enforcer, &calls[0].call, NULL, 3) == 2);
  CHECK(weir_admit_batch(enforcer, &calls[0].call, NULL, 0) == 0);
  free(calls);
  free(decisions);

  /* Options of which only the size and the store are there. */
  weir_options few;
  memset(&few, 0xAA, sizeof few);
  few.size = offsetof(weir_options, store_read_only);
  few.store = NULL;
  weir_close(open_with(&few));
  weir_close(open_with(NULL));
  weir_close(NULL);

  weir_statistics statistics;
  memset(&statistics, 0xAA, sizeof statistics);
  statistics.size = sizeof statistics;
  weir_get_statistics(enforcer, &statistics);
  CHECK(statistics.usage_plans == 1);
  CHECK(statistics.api_keys == 1);
  CHECK(statistics.arena_reserved_bytes == 1 << 24);
  CHECK(statistics.arena_used_bytes > 0);
  CHECK(statistics.threads == 1);
  CHECK(statistics.counts_from == WEIR_COUNTS_NEW);
  CHECK(statistics.sync_failures == 0);
  weir_close(enforcer);
}

static void test_documents(void) {
  const weir_options options = small_options();
  weir_enforcer* const enforcer = open_with(&options);
  add_plan_and_key(enforcer);
  weir_text answer = {NULL, 0};

  CHECK(weir_get_usage_plan(enforcer, S("gold"), &answer) == WEIR_OK);
  CHECK(answers(&answer,
                "{\"id\":\"gold\",\"name\":\"gold\",\"apiStages\":[{\"apiId\":"
                "\"api\",\"stage\":\"prod\",\"throttle\":{\"/pets/GET\":{"
                "\"burstLimit\":1,\"rateLimit\":1.0}}}],\"throttle\":{"
                "\"burstLimit\":3,\"rateLimit\":10.0},\"quota\":{\"limit\":100,"
                "\"offset\":0,\"period\":\"WEEK\"},\"tags\":{}}"));
  CHECK(weir_apply_patch(enforcer, S("gold"),
                         S("{\"patchOperations\":[{\"op\":\"replace\",\"path\":"
                           "\"/throttle/burstLimit\",\"value\":\"7\"}]}"),
                         &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "\"burstLimit\":7"));
  CHECK(weir_apply_patch(enforcer, S("gold"), S("["), &answer) ==
        WEIR_INVALID_ARGUMENT);
  CHECK(answer_contains(&answer, "line 1"));
  CHECK(weir_apply_patch(enforcer, S("silver"), S("[]"), &answer) ==
        WEIR_NOT_FOUND);
  CHECK(answer_contains(&answer, "Usage Plan"));
  CHECK(weir_create_usage_plan(enforcer, S("{\"name\":1}"), &answer) ==
        WEIR_INVALID_ARGUMENT);
  CHECK(answer_contains(&answer, "/name"));
  CHECK(weir_create_usage_plan(enforcer, S("{\"id\":\"gold\",\"name\":\"x\"}"),
                               NULL) == WEIR_ALREADY_EXISTS);

  CHECK(weir_create_usage_plan(enforcer, S("{\"id\":\"all\",\"name\":\"all\"}"),
                               NULL) == WEIR_OK);
  CHECK(weir_share_usage_plan(enforcer, S("all"), &answer) == WEIR_OK);
  CHECK(answers(&answer, ""));
  CHECK(weir_delete_usage_plan(enforcer, S("all"), NULL) ==
        WEIR_FAILED_PRECONDITION);
  CHECK(weir_unshare_usage_plan(enforcer, S("all"), NULL) == WEIR_OK);
  CHECK(weir_unshare_usage_plan(enforcer, S("all"), NULL) == WEIR_NOT_FOUND);

  CHECK(weir_list_usage_plans(enforcer, S(""), S(""), 1, &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "{\"items\":[{\"id\":\"all\""));
  CHECK(weir_list_usage_plans(enforcer, S("k9"), S(""), 1, &answer) == WEIR_OK);
  CHECK(answers(&answer, "{\"items\":[]}"));
  CHECK(weir_delete_usage_plan(enforcer, S("all"), NULL) == WEIR_OK);
  CHECK(weir_list_usage_plans(enforcer, S(""), S(""), 0, &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "\"id\":\"gold\""));

  /* Keys. */
  CHECK(weir_create_api_key(enforcer, S("{\"name\":\"two\"}"), &answer) ==
        WEIR_OK);
  CHECK(answer_contains(&answer, "\"value\":\""));
  CHECK(weir_list_api_keys(enforcer, 0, S(""), 1, &answer) == WEIR_OK);
  const char* const id_at = strstr(answer.data, "\"id\":\"") + 6;
  char id[80];
  snprintf(id, sizeof id, "%.*s", (int)strcspn(id_at, "\""), id_at);
  CHECK(strstr(answer.data, "\"value\"") == NULL);
  CHECK(answer_contains(&answer, "\"position\":\""));
  CHECK(weir_list_api_keys(enforcer, 1, S(""), 0, &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, kKey));
  CHECK(weir_get_api_key(enforcer, S(id), 1, &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "\"value\":\""));
  CHECK(weir_get_api_key(enforcer, S(id), 0, &answer) == WEIR_OK);
  CHECK(strstr(answer.data, "\"value\"") == NULL);
  weir_text_free(&answer);
  CHECK(weir_create_usage_plan_key(enforcer, S("gold"), S(id), &answer) ==
        WEIR_OK);
  CHECK(answers(&answer, ""));
  CHECK(weir_list_usage_plans(enforcer, S(id), S(""), 0, &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "\"id\":\"gold\""));
  CHECK(weir_create_usage_plan_key(enforcer, S("gold"), S(id), NULL) ==
        WEIR_ALREADY_EXISTS);
  CHECK(weir_get_usage(enforcer, S("gold"), S(id), S("2026-02-15"), S(kDay),
                       S(""), 0, &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "[[0,100],[0,100]]"));
  CHECK(weir_get_usage(enforcer, S("gold"), S(""), S(kDay), S(kDay), S(""), 1,
                       &answer) == WEIR_OK);
  CHECK(answer_contains(&answer, "\"position\":\""));
  CHECK(weir_get_usage(enforcer, S("gold"), S(id), S("today"), S(kDay), S(""),
                       0, &answer) == WEIR_INVALID_ARGUMENT);
  weir_text_free(&answer);
  CHECK(weir_delete_usage_plan_key(enforcer, S("gold"), S(id), NULL) ==
        WEIR_OK);
  CHECK(weir_delete_usage_plan_key(enforcer, S("gold"), S(id), NULL) ==
        WEIR_NOT_FOUND);
  CHECK(weir_delete_api_key(enforcer, S(id), NULL) == WEIR_OK);
  CHECK(weir_delete_api_key(enforcer, S(id), NULL) == WEIR_NOT_FOUND);
  CHECK(weir_import_api_keys(enforcer, S("[{},{\"name\":1}]"), S(""),
                             &answer) == WEIR_INVALID_ARGUMENT);
  CHECK(answer_contains(&answer, "/1/name"));
  CHECK(weir_import_api_keys(enforcer, S("{}"), S(""), &answer) ==
        WEIR_INVALID_ARGUMENT);
  CHECK(answer_contains(&answer, "array"));
  weir_route route = 7;
  CHECK(weir_intern_route(enforcer, S("a/b"), S("prod"), NULL, 0, &route,
                          &answer) == WEIR_INVALID_ARGUMENT);
  CHECK(answer_contains(&answer, "api id"));
  CHECK(route == 0);
  weir_close(enforcer);
}

struct log_entry {
  int32_t severity;
  char message[200];
  int count;
};

static void log_to(void* context, int32_t severity, const char* message,
                   size_t size) {
  struct log_entry* const entry = context;
  entry->severity = severity;
  CHECK(size == strlen(message));
  snprintf(entry->message, sizeof entry->message, "%s", message);
  ++entry->count;
}

static void remove_counts(const char* folder) {
  DIR* const files = opendir(folder);
  for (const struct dirent* file; (file = readdir(files)) != NULL;) {
    if (strncmp(file->d_name, "counts", 6) != 0) continue;
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
    CHECK(truncate(path, 0) == 0);
  }
  closedir(files);
}

static void test_options(const char* folder) {
  weir_options options = small_options();
  weir_enforcer* enforcer = (weir_enforcer*)&options;
  weir_text answer = {NULL, 0};
  options.lease_threads = 65;
  CHECK(weir_open(&options, &enforcer, &answer) == WEIR_INVALID_ARGUMENT);
  CHECK(enforcer == NULL);
  CHECK(answers(&answer, "Options::lease_threads: 65 is not from 0 to 64"));
  options.lease_threads = 2;
  options.lease_tokens = -1;
  CHECK(weir_open(&options, &enforcer, NULL) == WEIR_INVALID_ARGUMENT);
  options.lease_tokens = 0;
  options.quota_offset = 2;
  CHECK(weir_open(&options, &enforcer, NULL) == WEIR_INVALID_ARGUMENT);
  options.quota_offset = WEIR_OFFSET_START_DAY;
  options.method_throttle = -1;
  CHECK(weir_open(&options, &enforcer, NULL) == WEIR_INVALID_ARGUMENT);
  options.method_throttle = WEIR_METHOD_ADDS_TO_PLAN;
  enforcer = open_with(&options);
  weir_maintain(enforcer);
  CHECK(weir_sync(enforcer, &answer) == WEIR_OK);
  CHECK(answers(&answer, ""));
  weir_close(enforcer);

  /* With a store: what was counted is there again. */
  options = small_options();
  struct log_entry entry = {-1, "", 0};
  options.log = log_to;
  options.log_context = &entry;
  options.store = folder;
  options.store_size = strlen(folder);
  options.sync_interval_ns = -1;
  enforcer = open_with(&options);
  add_plan_and_key(enforcer);
  CHECK(weir_admit(enforcer, kKey, sizeof kKey - 1, route_of(enforcer, ""), 1,
                   NULL) == WEIR_ADMITTED);
  weir_enforcer* second;
  CHECK(weir_open(&options, &second, &answer) == WEIR_FAILED_PRECONDITION);
  CHECK(answer_contains(&answer, folder));
  weir_close(enforcer);

  options.store_read_only = 1;
  enforcer = open_with(&options);
  weir_decision decision = {.size = sizeof decision};
  CHECK(weir_admit(enforcer, kKey, sizeof kKey - 1, route_of(enforcer, ""), 0,
                   &decision) == WEIR_ADMITTED);
  CHECK(decision.quota_remaining == 99);
  CHECK(weir_delete_usage_plan(enforcer, S("gold"), NULL) != WEIR_OK);
  weir_statistics statistics = {.size = sizeof statistics};
  weir_get_statistics(enforcer, &statistics);
  CHECK(statistics.counts_from == WEIR_COUNTS_EXACT);
  weir_close(enforcer);

  CHECK(entry.count == 0);

  /* Without the files of counts: from the last sync, which the log is told. */
  remove_counts(folder);
  options.store_read_only = 0;
  CHECK(weir_open(&options, &enforcer, &answer) == WEIR_DATA_LOSS);
  weir_text_free(&answer);
  options.restore_counts = 1;
  enforcer = open_with(&options);
  CHECK(entry.count == 1);
  CHECK(entry.severity == WEIR_LOG_WARNING);
  CHECK(strncmp(entry.message, "counts begin with", 17) == 0);
  weir_get_statistics(enforcer, &statistics);
  CHECK(statistics.counts_from == WEIR_COUNTS_SYNCED);
  weir_close(enforcer);
}

int main(void) {
  CHECK(weir_abi_version() == WEIR_ABI_VERSION);
  CHECK(strchr(weir_version(), '.') != NULL);
  test_admit();
  test_sizes();
  test_documents();
  const char* const parent = getenv("TEST_TMPDIR");
  char folder[4096];
  snprintf(folder, sizeof folder, "%s/c_api_%d",
           parent != NULL ? parent : "/tmp", (int)getpid());
  test_options(folder);
  if (failures > 0) fprintf(stderr, "%d failures\n", failures);
  return failures > 0;
}
