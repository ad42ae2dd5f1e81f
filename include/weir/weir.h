/* Weir for C, and for every language that can call C.
 *
 *   weir_options options = {sizeof options};
 *   weir_enforcer* enforcer;
 *   weir_text answer;
 *   if (weir_open(&options, &enforcer, &answer) != WEIR_OK) ...
 *   if (weir_admit(enforcer, key, size, route, 1, NULL) == WEIR_ADMITTED) ...
 *
 * libweir.so exports only these functions. Each does and promises the same as
 * the function of that name in enforcer/enforcer.h; this header describes only
 * what is different in C.
 *
 * Text is a pointer and a length, and need not end with a NUL. NULL is the same
 * as "", regardless of the length. Documents are API Gateway's JSON, and so are
 * patches: {"patchOperations": [...]} or the bare array of RFC 6902.
 *
 * A control plane function returns a code. `answer` then holds a text that the
 * caller owns: if the code is WEIR_OK, the requested document or "", else the
 * error message. weir_text_free() frees it, also after an error. If `answer` is
 * NULL, no text is returned. No error contains a key.
 *
 * Structures begin with their size, which the caller sets to sizeof. Later
 * versions of the library append members, and treat members that a caller does
 * not have as zero. All zeros is a good default for every member.
 *
 * No function throws or sets errno. If the process runs out of memory, it is
 * terminated. Any thread may call any function at any time, except weir_open()
 * and weir_close() of one enforcer.
 */
#ifndef WEIR_WEIR_H_
#define WEIR_WEIR_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The number in the name libweir.so.1. It changes when programs compiled with
 * an older header would not work with a newer library. */
#define WEIR_ABI_VERSION 1

/* The library's own version, for programs that load it at run time. */
uint32_t weir_abi_version(void);
/* Such as "0.1.0". The text is static. */
const char* weir_version(void);

/* -- Text -- */

/* Owned by the caller. `data` ends with a NUL that `size` does not count. It is
 * NULL if the text was freed or never set. */
typedef struct weir_text {
  char* data;
  size_t size;
} weir_text;

/* Frees the text and clears `text`. Does nothing if there is no text. */
void weir_text_free(weir_text* text);

/* -- Codes -- */

/* The same numbers as gRPC's and Abseil's codes. */
typedef int32_t weir_code;
enum {
  WEIR_OK = 0,
  WEIR_INVALID_ARGUMENT = 3,
  WEIR_NOT_FOUND = 5,
  WEIR_ALREADY_EXISTS = 6,
  WEIR_RESOURCE_EXHAUSTED = 8,
  WEIR_FAILED_PRECONDITION = 9,
  WEIR_ABORTED = 10,
  WEIR_INTERNAL = 13,
  WEIR_UNAVAILABLE = 14,
  WEIR_DATA_LOSS = 15
};

/* -- Enforcers -- */

typedef struct weir_enforcer weir_enforcer;

/* The severities that a log receives. */
enum { WEIR_LOG_INFO = 0, WEIR_LOG_WARNING = 1, WEIR_LOG_ERROR = 2 };
/* Receives events that no call returns: see Options::log. `message` ends with a
 * NUL and is valid only during the call. Called by any thread, but never within
 * weir_admit(). Must not call the enforcer. */
typedef void (*weir_log)(void* context, int32_t severity, const char* message,
                         size_t message_size);

enum { WEIR_OFFSET_REQUESTS = 0, WEIR_OFFSET_START_DAY = 1 };
enum { WEIR_METHOD_REPLACES_PLAN = 0, WEIR_METHOD_ADDS_TO_PLAN = 1 };

typedef struct weir_options {
  size_t size; /* sizeof(weir_options) */

  /* The folder of an SQLite store, which keeps plans, keys and usage across
   * processes. "": no store. */
  const char* store;
  size_t store_size;
  int32_t store_read_only; /* not 0: open read-only */
  int32_t restore_counts;  /* not 0: see Options::restore_counts */
  /* How often counts are written to the store, in nanoseconds. 0: once a
   * second; negative: only when weir_sync() is called. */
  int64_t sync_interval_ns;

  int32_t quota_offset;    /* WEIR_OFFSET_... */
  int32_t method_throttle; /* WEIR_METHOD_... */

  uint64_t arena_bytes;  /* 0: the default of Options::arena_bytes */
  int32_t no_huge_pages; /* not 0: pages of the usual size */
  int32_t lease_threads; /* see docs/leases.md */
  int64_t lease_tokens;  /* 0: the default of Options::lease_tokens */

  weir_log log; /* NULL: none */
  void* log_context;
} weir_options;

/* Creates an enforcer in `*enforcer`, which is NULL after an error. `options`
 * may be NULL. With a store, this reads the whole store. */
weir_code weir_open(const weir_options* options, weir_enforcer** enforcer,
                    weir_text* answer);
/* Writes what is not yet in the store, and frees everything. No other call may
 * be in progress. NULL does nothing. */
void weir_close(weir_enforcer* enforcer);

/* -- Data plane: no lock, no allocation, no system call -- */

/* A method of an API stage. No plan covers zero. */
typedef uint32_t weir_route;

/* A client that weir_resolve() found. All zeros is no client. */
typedef struct weir_client {
  uint64_t opaque[2];
} weir_client;

/* One reading of both clocks, in nanoseconds. */
typedef struct weir_instant {
  int64_t monotonic; /* CLOCK_MONOTONIC */
  int64_t unix_time; /* CLOCK_REALTIME */
} weir_instant;

/* Outcomes. Zero is a refusal, so a decision left at zero admits no request. */
enum {
  WEIR_FORBIDDEN = 0, /* the key may not call this stage */
  WEIR_ADMITTED = 1,
  WEIR_THROTTLED = 2,
  WEIR_QUOTA_EXCEEDED = 3
};
/* Why a request is forbidden. */
enum {
  WEIR_NOT_FORBIDDEN = 0,
  WEIR_UNKNOWN_KEY = 1,
  WEIR_DISABLED_KEY = 2,
  WEIR_NO_PLAN = 3
};
/* The limit that refused. */
enum {
  WEIR_NO_LIMIT = 0,
  WEIR_PLAN_THROTTLE = 1,
  WEIR_METHOD_THROTTLE = 2,
  WEIR_QUOTA = 3,
  WEIR_SHARED_THROTTLE = 4,
  WEIR_SHARED_METHOD_THROTTLE = 5
};

/* A time that never comes. */
#define WEIR_NEVER INT64_MAX

/* The result of one request: a plain value. */
typedef struct weir_decision {
  size_t size; /* sizeof(weir_decision), set by the caller */

  uint8_t outcome;
  uint8_t forbidden;
  uint8_t limit;
  uint8_t reserved[5];

  /* How long until the same request would be admitted, exactly: 0 if it was
   * admitted, WEIR_NEVER if it can never be admitted. */
  int64_t retry_after_ns;
  int64_t made_at_unix_ns;

  /* The governing throttle: its burst in tokens (-1: no throttle), and the
   * seconds that an empty bucket takes to fill (0: it never fills, or no
   * throttle). */
  int64_t burst;
  int64_t burst_window_seconds;

  /* The quota: what the period allows, and what is left of it; -1 without a
   * quota. */
  int64_t quota_limit;
  int64_t quota_remaining;

  /* For the functions below. */
  uint64_t units_remaining;
  uint64_t units_per_token;
  int32_t day;
  int32_t calendar;
} weir_decision;

/* Decides one request of `cost` tokens, and counts it if it is admitted. A cost
 * of 0 checks the limits and takes nothing. Returns the outcome. `decision` may
 * be NULL. */
int32_t weir_admit(weir_enforcer* enforcer, const char* api_key,
                   size_t api_key_size, weir_route route, uint32_t cost,
                   weir_decision* decision);

typedef struct weir_call {
  size_t size; /* sizeof(weir_call) */
  const char* api_key;
  size_t api_key_size;
  weir_client client; /* if not all zeros, the key is ignored */
  weir_route route;
  uint32_t cost;
  weir_instant now; /* all zeros: the enforcer reads the clock */
} weir_call;

/* The same with every option of a call. */
int32_t weir_admit_call(weir_enforcer* enforcer, const weir_call* call,
                        weir_decision* decision);

/* Decides `count` calls, as if each were admitted by itself, in order. The
 * sizes in the first elements apply to all elements. Returns how many calls
 * were admitted. */
size_t weir_admit_batch(weir_enforcer* enforcer, const weir_call* calls,
                        weir_decision* decisions, size_t count);

/* Returns the client with this key, or all zeros if there is none. */
weir_client weir_resolve(const weir_enforcer* enforcer, const char* api_key,
                         size_t api_key_size);

/* Whole tokens left in the governing bucket; -1 without a throttle. */
int64_t weir_tokens_remaining(const weir_decision* decision);
/* When the quota's period ends, in Unix nanoseconds; WEIR_NEVER without a
 * quota. */
int64_t weir_period_reset_unix_ns(const weir_decision* decision);
/* The length of the quota's period; 0 without a quota. */
int64_t weir_period_seconds(const weir_decision* decision);

/* Returns the HTTP status for a decision: 200, 403 or 429. Sets `body` and
 * `error_type` (the value of x-amzn-ErrorType), unless they are NULL, to static
 * texts that end with a NUL; "" if the request was admitted. */
int32_t weir_http_status(const weir_decision* decision, const char** body,
                         const char** error_type);

/* How clients learn what is left: see enforcer/http_response.h. */
enum {
  WEIR_HEADERS_OFF = 0,
  WEIR_HEADERS_X_RATE_LIMIT_DELTA = 1,
  WEIR_HEADERS_X_RATE_LIMIT_EPOCH = 2,
  WEIR_HEADERS_IETF_DRAFT_10 = 3,
  WEIR_HEADERS_IETF_DRAFT_11 = 4
};
/* Enough room for any decision. */
#define WEIR_MAX_HEADER_BYTES 512
/* Writes lines "Name: value\r\n", including Retry-After, and a NUL into
 * `buffer`. Headers that do not fit are omitted; none is truncated. Returns the
 * length without the NUL. `max_retry_after` is the longest wait that clients
 * are asked for, in seconds; 0: a day. */
size_t weir_rate_limit_headers(const weir_decision* decision, int32_t format,
                               int64_t max_retry_after, char* buffer,
                               size_t buffer_size);

/* If lease_threads is set, call this every 10 to 100 milliseconds. */
void weir_maintain(weir_enforcer* enforcer);

/* -- Control plane: locks, allocates, takes microseconds to milliseconds -- */

/* Returns the route of a method, such as "/pets/GET", or "" for the stage's
 * methods that have no throttle of their own. */
weir_code weir_intern_route(weir_enforcer* enforcer, const char* api_id,
                            size_t api_id_size, const char* stage,
                            size_t stage_size, const char* method_key,
                            size_t method_key_size, weir_route* route,
                            weir_text* answer);
/* Returns the id of the key that weir_resolve() found. */
weir_code weir_api_key_id(const weir_enforcer* enforcer,
                          const weir_client* client, weir_text* answer);

/* The answer of create, get and apply_patch is the usage plan as JSON, that of
 * the others "". */
weir_code weir_create_usage_plan(weir_enforcer* enforcer, const char* json,
                                 size_t json_size, weir_text* answer);
weir_code weir_get_usage_plan(const weir_enforcer* enforcer,
                              const char* plan_id, size_t plan_id_size,
                              weir_text* answer);
weir_code weir_apply_patch(weir_enforcer* enforcer, const char* plan_id,
                           size_t plan_id_size, const char* json,
                           size_t json_size, weir_text* answer);
weir_code weir_delete_usage_plan(weir_enforcer* enforcer, const char* plan_id,
                                 size_t plan_id_size, weir_text* answer);
/* Limits that all keys share. */
weir_code weir_share_usage_plan(weir_enforcer* enforcer, const char* plan_id,
                                size_t plan_id_size, weir_text* answer);
weir_code weir_unshare_usage_plan(weir_enforcer* enforcer, const char* plan_id,
                                  size_t plan_id_size, weir_text* answer);

/* Returns a page of a list. The answer is {"items": [...], "position": "..."};
 * the last page has no "position". `position` is "" for the first page, and
 * `limit` is at most 500 (0: 25). `key_id`: only the plans of this key; "":
 * all. */
weir_code weir_list_usage_plans(const weir_enforcer* enforcer,
                                const char* key_id, size_t key_id_size,
                                const char* position, size_t position_size,
                                int32_t limit, weir_text* answer);

/* The answer is the API key as JSON, "" for delete, and a page of keys for
 * list. It includes secrets for create, and for get and list if `include_value`
 * or `include_values` is not 0. */
weir_code weir_create_api_key(weir_enforcer* enforcer, const char* json,
                              size_t json_size, weir_text* answer);
weir_code weir_get_api_key(const weir_enforcer* enforcer, const char* key_id,
                           size_t key_id_size, int32_t include_value,
                           weir_text* answer);
weir_code weir_update_api_key(weir_enforcer* enforcer, const char* key_id,
                              size_t key_id_size, const char* json,
                              size_t json_size, weir_text* answer);
weir_code weir_delete_api_key(weir_enforcer* enforcer, const char* key_id,
                              size_t key_id_size, weir_text* answer);
weir_code weir_list_api_keys(const weir_enforcer* enforcer,
                             int32_t include_values, const char* position,
                             size_t position_size, int32_t limit,
                             weir_text* answer);
/* Creates an array of API keys, and associates them with a plan unless
 * `plan_id` is "": all or none. The answer is the array of their ids. */
weir_code weir_import_api_keys(weir_enforcer* enforcer, const char* json,
                               size_t json_size, const char* plan_id,
                               size_t plan_id_size, weir_text* answer);

/* Which keys a plan applies to. */
weir_code weir_create_usage_plan_key(weir_enforcer* enforcer,
                                     const char* plan_id, size_t plan_id_size,
                                     const char* key_id, size_t key_id_size,
                                     weir_text* answer);
weir_code weir_delete_usage_plan_key(weir_enforcer* enforcer,
                                     const char* plan_id, size_t plan_id_size,
                                     const char* key_id, size_t key_id_size,
                                     weir_text* answer);

/* Returns daily usage from one date to another ("2026-02-16", both inclusive),
 * as GetUsage answers it. `key_id`: "" for all keys of the plan, in pages. */
weir_code weir_get_usage(const weir_enforcer* enforcer, const char* plan_id,
                         size_t plan_id_size, const char* key_id,
                         size_t key_id_size, const char* start_date,
                         size_t start_date_size, const char* end_date,
                         size_t end_date_size, const char* position,
                         size_t position_size, int32_t limit,
                         weir_text* answer);
/* Applies a patch of /remaining. The answer is today's usage. */
weir_code weir_update_usage(weir_enforcer* enforcer, const char* plan_id,
                            size_t plan_id_size, const char* key_id,
                            size_t key_id_size, const char* json,
                            size_t json_size, weir_text* answer);

/* Writes all changed counts to the store. */
weir_code weir_sync(weir_enforcer* enforcer, weir_text* answer);

enum { WEIR_COUNTS_NEW = 0, WEIR_COUNTS_EXACT = 1, WEIR_COUNTS_SYNCED = 2 };
typedef struct weir_statistics {
  size_t size; /* sizeof(weir_statistics) */
  uint64_t usage_plans;
  uint64_t api_keys;
  uint64_t arena_used_bytes;
  uint64_t arena_retired_bytes;
  uint64_t arena_reserved_bytes;
  uint64_t threads;
  uint64_t stalled_threads;
  int64_t stalled_ns;
  int64_t days_not_recorded;
  uint64_t leases;
  uint64_t counts_file_bytes;
  int64_t synced_unix_ns;
  int64_t sync_failures;
  int32_t counts_from; /* WEIR_COUNTS_... */
  int32_t reserved;
} weir_statistics;
/* Never waits. */
void weir_get_statistics(const weir_enforcer* enforcer,
                         weir_statistics* statistics);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_WEIR_H_ */
