/* Three requests of one client under a plan with a burst of two.
 *
 *   cc -std=c11 quickstart.c -lweir
 */
#include <stdio.h>
#include <string.h>

#include "weir/weir.h"

/* A C string as Weir takes it: a pointer and a length. */
#define TEXT(text) (text), strlen(text)

/* Prints an error. The caller frees the answer, whatever the code. */
static int failed(weir_code code, weir_text* answer) {
  if (code != WEIR_OK) fprintf(stderr, "weir: %s\n", answer->data);
  weir_text_free(answer);
  return code != WEIR_OK;
}

int main(void) {
  const char* const plan =
      "{\"id\": \"basic\", \"name\": \"basic\","
      " \"apiStages\": [{\"apiId\": \"a1b2c3\", \"stage\": \"prod\"}],"
      " \"throttle\": {\"rateLimit\": 0.1, \"burstLimit\": 2}}";
  const char* const key = "a-secret-of-20-characters";
  const char* const keys =
      "[{\"name\": \"client\", \"enabled\": true,"
      " \"value\": \"a-secret-of-20-characters\"}]";

  const weir_options options = {.size = sizeof options};
  weir_enforcer* weir = NULL;
  weir_text answer = {NULL, 0};
  weir_route pets = 0;
  if (failed(weir_open(&options, &weir, &answer), &answer)) return 1;
  if (failed(weir_create_usage_plan(weir, TEXT(plan), &answer), &answer)) return 1;
  if (failed(weir_import_api_keys(weir, TEXT(keys), TEXT("basic"), &answer),
             &answer)) {
    return 1;
  }
  if (failed(weir_intern_route(weir, TEXT("a1b2c3"), TEXT("prod"),
                               TEXT("/pets/GET"), &pets, &answer),
             &answer)) {
    return 1;
  }

  for (int request = 1; request <= 3; ++request) {
    weir_decision decision = {.size = sizeof decision};
    if (weir_admit(weir, TEXT(key), pets, 1, &decision) == WEIR_ADMITTED) {
      printf("200 OK\n");
    } else {
      printf("%d, retry after %.3f s\n",
             (int)weir_http_status(&decision, NULL, NULL),
             (double)decision.retry_after_ns / 1e9);
    }
  }
  weir_close(weir);
  return 0;
}
