# Written by tools/cmake_lists from the BUILD files. Do not edit.

set(WEIR_CORE_SOURCES
  base/at_fork.cc
  base/clock.cc
  base/mutex.cc
  base/random_id.cc
  base/text.cc
  base/thread_number.cc
  base/utf8.cc
  control_plane/api_keys.cc
  control_plane/control_plane.cc
  control_plane/import_api_keys.cc
  control_plane/key_record.cc
  control_plane/plan_observers.cc
  control_plane/recovery.cc
  control_plane/routes.cc
  control_plane/store_changes.cc
  control_plane/usage.cc
  control_plane/usage_plans.cc
  control_plane/usage_sync.cc
  counts/boot_id.cc
  counts/counts_block.cc
  counts/counts_file.cc
  counts/counts_reader.cc
  counts/counts_record.cc
  counts/counts_view.cc
  counts/file_view.cc
  counts/mapped_file.cc
  data_plane/admission.cc
  data_plane/clients.cc
  data_plane/data_plane.cc
  data_plane/key_hash.cc
  data_plane/key_lease.cc
  data_plane/lease_manager.cc
  data_plane/method_buckets.cc
  enforcer/enforcer.cc
  enforcer/http_response.cc
  enforcer/options.cc
  enforcer/plan_observer.cc
  json/json_reader.cc
  json/json_scanner.cc
  json/json_value.cc
  json/json_writer.cc
  memory/arena.cc
  memory/epoch.cc
  patch/check_json.cc
  patch/draft.cc
  patch/json_diff.cc
  patch/json_patch.cc
  patch/json_pointer.cc
  patch/node.cc
  patch/patch_document.cc
  patch/scalar.cc
  patch/transfer.cc
  plan/canonical_plan.cc
  plan/method_key.cc
  plan/patch_paths.cc
  plan/plan_compiler.cc
  plan/plan_error.cc
  plan/plan_json.cc
  plan/plan_patch.cc
  plan/validation.cc
  quota/date.cc
  quota/usage_history.cc
  throttle/rate.cc
  throttle/token_clock.cc)

set(WEIR_CORE_PROTOS
  proto/api_key.proto
  proto/patch_operation.proto
  proto/store.proto
  proto/usage.proto
  proto/usage_plan.proto)

set(WEIR_CORE_LIBRARIES
  absl::btree
  absl::cord
  absl::core_headers
  absl::flat_hash_map
  absl::flat_hash_set
  absl::function_ref
  absl::hash
  absl::inlined_vector
  absl::int128
  absl::log_severity
  absl::span
  absl::status
  absl::statusor
  absl::str_format
  absl::strings
  absl::time
  protobuf::libprotobuf)

set(WEIR_CORE_HEADERS
  base/clock.h
  enforcer/call.h
  enforcer/client_handle.h
  enforcer/decision.h
  enforcer/enforcer.h
  enforcer/http_response.h
  enforcer/options.h
  enforcer/plan_observer.h
  enforcer/requests.h
  enforcer/route.h
  enforcer/statistics.h
  enforcer/version.h
  json/json_writer.h
  memory/line_source.h
  patch/json_diff.h
  patch/json_patch.h
  patch/json_pointer.h
  patch/patch_document.h
  plan/plan_changes.h
  plan/plan_error.h
  plan/plan_json.h
  plan/validation.h
  quota/calendar.h
  quota/daily_log.h
  quota/packed_words.h
  quota/quota_counter.h
  quota/quota_terms.h
  quota/usage_history.h
  store/store.h
  throttle/rate.h
  throttle/token_bucket.h
  throttle/token_clock.h)

set(WEIR_CORE_TESTS
  base_at_fork_test
  base_clock_test
  base_cycle_clock_test
  base_mutex_test
  base_random_id_test
  base_table_growth_test
  base_text_test
  base_thread_number_test
  base_utf8_test
  control_plane_creation_order_test
  control_plane_incremental_index_test
  control_plane_registry_test
  counts_counts_file_test
  data_plane_clients_test
  data_plane_key_hash_test
  data_plane_key_table_test
  data_plane_lease_notes_test
  data_plane_lease_test
  data_plane_method_buckets_test
  enforcer_data_plane_test
  enforcer_enforcer_test
  enforcer_http_response_test
  enforcer_import_api_keys_test
  enforcer_key_memory_test
  enforcer_options_test
  enforcer_usage_memory_test
  enforcer_usage_paging_test
  enforcer_usage_property_test
  json_json_reader_test
  json_json_value_test
  json_json_writer_test
  memory_arena_test
  memory_epoch_test
  memory_retire_list_test
  patch_json_diff_example_test
  patch_json_pointer_test
  patch_patch_document_test
  patch_rfc6901_test
  plan_method_key_test
  plan_patch_paths_test
  plan_plan_compiler_test
  plan_plan_error_test
  plan_plan_json_test
  plan_plan_patch_test
  plan_validation_test
  quota_calendar_test
  quota_date_test
  quota_packed_words_test
  quota_quota_counter_test
  quota_quota_model_test
  quota_quota_threads_test
  quota_usage_history_test
  throttle_rate_test
  throttle_token_bucket_test
  throttle_token_clock_test)

set(WEIR_SQLITE_STORE_SOURCES
  store/folder_lock.cc
  store/sqlite.cc
  store/sqlite_store.cc)

set(WEIR_SQLITE_STORE_PROTOS)

set(WEIR_SQLITE_STORE_LIBRARIES
  SQLite::SQLite3
  absl::cord
  absl::core_headers
  absl::flat_hash_map
  absl::flat_hash_set
  absl::function_ref
  absl::span
  absl::status
  absl::statusor
  absl::strings
  protobuf::libprotobuf)

set(WEIR_SQLITE_STORE_HEADERS
  quota/calendar.h
  store/sqlite_store.h
  store/store.h)

set(WEIR_SQLITE_STORE_TESTS
  enforcer_long_calls_test
  enforcer_plan_observer_test
  store_sqlite_store_faults_test
  store_sqlite_store_test)

set(WEIR_HTTP_SOURCES
  http/error_response.cc
  http/grammar.cc
  http/headers.cc
  http/random_sequence.cc
  http/request_id.cc
  http/target.cc)

set(WEIR_HTTP_PROTOS)

set(WEIR_HTTP_LIBRARIES
  absl::cord
  absl::core_headers
  absl::status
  absl::statusor
  absl::strings)

set(WEIR_HTTP_TESTS
  http_headers_test
  http_request_id_test
  http_target_test)

set(WEIR_MANAGEMENT_SOURCES
  management/api_key_csv.cc
  management/api_key_operations.cc
  management/import_operation.cc
  management/management.cc
  management/operations.cc
  management/request_bodies.cc
  management/responses.cc
  management/status_response.cc
  management/tag_operations.cc
  management/usage_operations.cc
  management/usage_plan_operations.cc)

set(WEIR_MANAGEMENT_PROTOS)

set(WEIR_MANAGEMENT_LIBRARIES
  absl::btree
  absl::cord
  absl::core_headers
  absl::flat_hash_map
  absl::flat_hash_set
  absl::function_ref
  absl::hash
  absl::inlined_vector
  absl::int128
  absl::log_severity
  absl::span
  absl::status
  absl::statusor
  absl::str_format
  absl::strings
  absl::time
  protobuf::libprotobuf)

set(WEIR_MANAGEMENT_HEADERS
  base/clock.h
  enforcer/call.h
  enforcer/client_handle.h
  enforcer/decision.h
  enforcer/enforcer.h
  enforcer/options.h
  enforcer/plan_observer.h
  enforcer/requests.h
  enforcer/route.h
  enforcer/statistics.h
  http/message.h
  http/target.h
  management/caller.h
  management/management.h
  plan/plan_changes.h
  plan/validation.h
  quota/calendar.h
  store/store.h)

set(WEIR_MANAGEMENT_TESTS
  management_api_key_csv_test
  management_management_test)

set(WEIR_GATEWAY_SOURCES
  gateway/cors.cc
  gateway/gateway.cc
  gateway/live_routes.cc
  gateway/request_counters.cc
  gateway/stage_target.cc
  plan/method_matcher.cc)

set(WEIR_GATEWAY_PROTOS)

set(WEIR_GATEWAY_LIBRARIES
  absl::btree
  absl::cord
  absl::core_headers
  absl::flat_hash_map
  absl::flat_hash_set
  absl::function_ref
  absl::hash
  absl::inlined_vector
  absl::int128
  absl::log_severity
  absl::span
  absl::status
  absl::statusor
  absl::str_format
  absl::strings
  absl::time
  protobuf::libprotobuf)

set(WEIR_GATEWAY_HEADERS
  base/clock.h
  enforcer/call.h
  enforcer/client_handle.h
  enforcer/decision.h
  enforcer/decision_names.h
  enforcer/enforcer.h
  enforcer/http_response.h
  enforcer/options.h
  enforcer/plan_observer.h
  enforcer/requests.h
  enforcer/route.h
  enforcer/statistics.h
  gateway/client_request.h
  gateway/cors.h
  gateway/gateway.h
  gateway/live_routes.h
  gateway/request_counters.h
  gateway/request_observer.h
  gateway/stage_target.h
  http/message.h
  memory/epoch.h
  memory/retire_list.h
  plan/plan_changes.h
  plan/validation.h
  quota/calendar.h
  store/store.h)

set(WEIR_GATEWAY_TESTS
  gateway_cors_test
  gateway_gateway_test
  gateway_live_routes_test
  gateway_request_counters_test
  gateway_stage_target_test
  plan_method_matcher_test)

set(WEIR_HTTP_SERVER_SOURCES
  http/connection.cc
  http/connection_requests.cc
  http/connection_table.cc
  http/line_scanner.cc
  http/listen_socket.cc
  http/refusal_answer.cc
  http/request_head.cc
  http/request_parser.cc
  http/response_head.cc
  http/server.cc
  http/server_options.cc
  http/tls.cc
  http/worker_pool.cc)

set(WEIR_HTTP_SERVER_PROTOS)

set(WEIR_HTTP_SERVER_LIBRARIES
  Boost::headers
  OpenSSL::SSL
  absl::cord
  absl::core_headers
  absl::status
  absl::statusor
  absl::strings
  absl::time)

set(WEIR_HTTP_SERVER_HEADERS
  http/message.h
  http/refusal.h
  http/server.h
  http/server_options.h
  http/server_statistics.h)

set(WEIR_HTTP_SERVER_TESTS
  cli_replay_log_log_time_test
  cli_replay_timeline_test
  cli_top_top_report_test
  cli_usage_usage_chart_test
  cli_usage_usage_query_test
  cli_usage_usage_report_test
  cli_atomic_file_test
  cli_command_line_test
  cli_printable_test
  cli_text_chart_test
  gateway_authorizer_test
  gateway_trusted_peers_test
  http_connection_table_test
  http_error_response_test
  http_request_parser_test
  http_server_test
  management_credentials_test
  patch_message_json_test
  plan_plan_diff_test
  serve_access_log_test
  serve_management_counters_test
  serve_metrics_test
  serve_metrics_writer_test
  serve_own_paths_test
  serve_process_status_test
  serve_refused_keys_test)

set(WEIR_C_API_SOURCES
  c_api/control_plane.cc
  c_api/data_plane.cc
  c_api/enforcer.cc
  c_api/text.cc)

set(WEIR_C_API_PROTOS)

set(WEIR_C_API_LIBRARIES
  SQLite::SQLite3
  absl::btree
  absl::cord
  absl::core_headers
  absl::flat_hash_map
  absl::flat_hash_set
  absl::function_ref
  absl::hash
  absl::inlined_vector
  absl::int128
  absl::log_severity
  absl::span
  absl::status
  absl::statusor
  absl::str_format
  absl::strings
  absl::time
  protobuf::libprotobuf)

set(WEIR_TOOLS_SOURCES
  adopt/adoption.cc
  adopt/aws_dump.cc
  backup/backup.cc
  backup/backup_line.cc
  backup/current_counts.cc
  cli/adopt_command.cc
  cli/atomic_file.cc
  cli/command_line.cc
  cli/diff_command.cc
  cli/export_command.cc
  cli/import_command.cc
  cli/input.cc
  cli/main.cc
  cli/new_store.cc
  cli/notices.cc
  cli/open_store.cc
  cli/operand_files.cc
  cli/patch_command.cc
  cli/plan_file.cc
  cli/printable.cc
  cli/progress.cc
  cli/replay/log/clf_splitters.cc
  cli/replay/log/credential_name.cc
  cli/replay/log/json_log_reader.cc
  cli/replay/log/line_reader.cc
  cli/replay/log/log_bytes.cc
  cli/replay/log/log_detector.cc
  cli/replay/log/log_file.cc
  cli/replay/log/log_format.cc
  cli/replay/log/log_time.cc
  cli/replay/log/named_reader.cc
  cli/replay/log/other_splitters.cc
  cli/replay/log/request_line.cc
  cli/replay/log/scan.cc
  cli/replay/log/table_log_reader.cc
  cli/replay/log/text_reader.cc
  cli/replay/log/xml_log_reader.cc
  cli/replay/replay.cc
  cli/replay/replay_command.cc
  cli/replay/replay_report.cc
  cli/replay/request_interner.cc
  cli/replay/simulation.cc
  cli/replay/timeline.cc
  cli/serve/gateway_flags.cc
  cli/serve/serve_command.cc
  cli/serve/servers.cc
  cli/text_chart.cc
  cli/top/service_client.cc
  cli/top/top_command.cc
  cli/top/top_report.cc
  cli/usage/usage_chart.cc
  cli/usage/usage_command.cc
  cli/usage/usage_query.cc
  cli/usage/usage_report.cc
  cli/validate_command.cc
  documents/document_node.cc
  documents/json_document.cc
  documents/yaml_document.cc
  documents/yaml_scalar.cc
  gateway/authorizer.cc
  gateway/trusted_peers.cc
  management/access.cc
  management/authentication.cc
  management/credentials.cc
  management/sigv4.cc
  patch/message_json.cc
  plan/plan_diff.cc
  plan_files/filed_plan.cc
  plan_files/plan_builder.cc
  plan_files/plan_reader.cc
  plan_files/serverless_plans.cc
  plan_files/template_functions.cc
  plan_files/template_plans.cc
  plan_files/terraform_plans.cc
  serve/access_log.cc
  serve/access_record.cc
  serve/collector.cc
  serve/log_file.cc
  serve/management_counters.cc
  serve/metrics.cc
  serve/metrics_writer.cc
  serve/own_paths.cc
  serve/page_files.cc
  serve/process_status.cc
  serve/refused_keys.cc
  serve/refused_keys_response.cc
  serve/service.cc)

set(WEIR_TOOLS_PROTOS
  proto/backup.proto)

set(WEIR_TOOLS_LIBRARIES
  Boost::headers
  CURL::libcurl
  OpenSSL::Crypto
  OpenSSL::SSL
  PkgConfig::yaml
  SQLite::SQLite3
  ZLIB::ZLIB
  absl::btree
  absl::cord
  absl::core_headers
  absl::flat_hash_map
  absl::flat_hash_set
  absl::function_ref
  absl::hash
  absl::inlined_vector
  absl::int128
  absl::log_severity
  absl::span
  absl::status
  absl::statusor
  absl::str_format
  absl::strings
  absl::time
  protobuf::libprotobuf
  simdjson::simdjson)

set(WEIR_TEST_base_at_fork_test
  base/at_fork_test.cc
  tests/in_child.cc)

set(WEIR_TEST_base_clock_test
  base/clock_test.cc)

set(WEIR_TEST_base_cycle_clock_test
  base/cycle_clock_test.cc)

set(WEIR_TEST_base_mutex_test
  base/mutex_test.cc
  tests/in_child.cc)

set(WEIR_TEST_base_random_id_test
  base/random_id_test.cc)

set(WEIR_TEST_base_table_growth_test
  base/table_growth_test.cc)

set(WEIR_TEST_base_text_test
  base/text_test.cc)

set(WEIR_TEST_base_thread_number_test
  base/thread_number_test.cc
  tests/in_child.cc)

set(WEIR_TEST_base_utf8_test
  base/utf8_test.cc)

set(WEIR_TEST_control_plane_creation_order_test
  control_plane/creation_order_test.cc)

set(WEIR_TEST_control_plane_incremental_index_test
  control_plane/incremental_index_test.cc)

set(WEIR_TEST_control_plane_registry_test
  control_plane/registry_test.cc)

set(WEIR_TEST_counts_counts_file_test
  counts/counts_file_test.cc
  tests/in_child.cc)

set(WEIR_TEST_data_plane_clients_test
  data_plane/clients_test.cc)

set(WEIR_TEST_data_plane_key_hash_test
  data_plane/key_hash_test.cc)

set(WEIR_TEST_data_plane_key_table_test
  data_plane/key_table_test.cc)

set(WEIR_TEST_data_plane_lease_notes_test
  data_plane/lease_notes_test.cc
  tests/in_child.cc)

set(WEIR_TEST_data_plane_lease_test
  data_plane/lease_manager_test.cc
  data_plane/lease_test.cc
  tests/in_child.cc)

set(WEIR_TEST_data_plane_method_buckets_test
  data_plane/method_buckets_test.cc)

set(WEIR_TEST_enforcer_data_plane_test
  enforcer/data_plane_test.cc)

set(WEIR_TEST_enforcer_enforcer_test
  enforcer/enforcer_test.cc)

set(WEIR_TEST_enforcer_http_response_test
  enforcer/http_response_test.cc
  tests/rate_limit_list.cc)

set(WEIR_TEST_enforcer_import_api_keys_test
  enforcer/import_api_keys_test.cc)

set(WEIR_TEST_enforcer_key_memory_test
  enforcer/key_memory_test.cc)

set(WEIR_TEST_enforcer_options_test
  enforcer/options_test.cc)

set(WEIR_TEST_enforcer_usage_memory_test
  enforcer/usage_memory_test.cc)

set(WEIR_TEST_enforcer_usage_paging_test
  enforcer/usage_paging_test.cc)

set(WEIR_TEST_enforcer_usage_property_test
  enforcer/usage_property_test.cc)

set(WEIR_TEST_json_json_reader_test
  json/json_reader_test.cc)

set(WEIR_TEST_json_json_value_test
  json/json_value_test.cc)

set(WEIR_TEST_json_json_writer_test
  json/json_writer_test.cc)

set(WEIR_TEST_memory_arena_test
  memory/arena_test.cc)

set(WEIR_TEST_memory_epoch_test
  memory/epoch_test.cc
  tests/in_child.cc)

set(WEIR_TEST_memory_retire_list_test
  memory/retire_list_test.cc)

set(WEIR_TEST_patch_json_diff_example_test
  patch/json_diff_example_test.cc
  patch/testing/test_json.cc)

set(WEIR_TEST_patch_json_pointer_test
  patch/json_pointer_test.cc)

set(WEIR_TEST_patch_patch_document_test
  patch/patch_document_test.cc
  patch/testing/test_json.cc)

set(WEIR_TEST_patch_rfc6901_test
  patch/rfc6901_test.cc
  patch/testing/test_json.cc)

set(WEIR_TEST_plan_method_key_test
  plan/method_key_test.cc)

set(WEIR_TEST_plan_patch_paths_test
  plan/patch_paths_test.cc)

set(WEIR_TEST_plan_plan_compiler_test
  plan/plan_compiler_test.cc)

set(WEIR_TEST_plan_plan_error_test
  plan/plan_error_test.cc)

set(WEIR_TEST_plan_plan_json_test
  plan/plan_json_test.cc
  plan/testing/plan_samples.cc)

set(WEIR_TEST_plan_plan_patch_test
  plan/plan_patch_test.cc
  plan/testing/plan_samples.cc)

set(WEIR_TEST_plan_validation_test
  plan/validation_test.cc)

set(WEIR_TEST_quota_calendar_test
  quota/calendar_test.cc)

set(WEIR_TEST_quota_date_test
  quota/date_test.cc)

set(WEIR_TEST_quota_packed_words_test
  quota/packed_words_test.cc)

set(WEIR_TEST_quota_quota_counter_test
  quota/quota_counter_test.cc)

set(WEIR_TEST_quota_quota_model_test
  quota/quota_model_test.cc)

set(WEIR_TEST_quota_quota_threads_test
  quota/quota_threads_test.cc)

set(WEIR_TEST_quota_usage_history_test
  quota/usage_history_test.cc)

set(WEIR_TEST_throttle_rate_test
  throttle/rate_test.cc)

set(WEIR_TEST_throttle_token_bucket_test
  throttle/token_bucket_test.cc)

set(WEIR_TEST_throttle_token_clock_test
  throttle/token_clock_test.cc)

set(WEIR_TEST_enforcer_long_calls_test
  enforcer/long_calls_test.cc)

set(WEIR_TEST_enforcer_plan_observer_test
  enforcer/plan_observer_test.cc)

set(WEIR_TEST_store_sqlite_store_faults_test
  store/sqlite_store_faults_test.cc
  tests/in_child.cc)

set(WEIR_TEST_store_sqlite_store_test
  store/sqlite_store_test.cc
  tests/in_child.cc)

set(WEIR_TEST_http_headers_test
  http/headers_test.cc)

set(WEIR_TEST_http_request_id_test
  http/request_id_test.cc)

set(WEIR_TEST_http_target_test
  http/target_test.cc)

set(WEIR_TEST_management_api_key_csv_test
  management/api_key_csv_test.cc)

set(WEIR_TEST_management_management_test
  management/management_test.cc)

set(WEIR_TEST_gateway_cors_test
  gateway/cors_test.cc)

set(WEIR_TEST_gateway_gateway_test
  gateway/gateway_test.cc)

set(WEIR_TEST_gateway_live_routes_test
  gateway/live_routes_test.cc)

set(WEIR_TEST_gateway_request_counters_test
  gateway/request_counters_test.cc)

set(WEIR_TEST_gateway_stage_target_test
  gateway/stage_target_test.cc)

set(WEIR_TEST_plan_method_matcher_test
  plan/method_matcher_test.cc)

set(WEIR_TEST_cli_replay_log_log_time_test
  cli/replay/log/log_time.cc
  cli/replay/log/log_time_test.cc)

set(WEIR_TEST_cli_replay_timeline_test
  cli/replay/timeline.cc
  cli/replay/timeline_test.cc)

set(WEIR_TEST_cli_top_top_report_test
  cli/printable.cc
  cli/top/top_report.cc
  cli/top/top_report_test.cc)

set(WEIR_TEST_cli_usage_usage_chart_test
  cli/printable.cc
  cli/text_chart.cc
  cli/usage/usage_chart.cc
  cli/usage/usage_chart_test.cc
  cli/usage/usage_report.cc)

set(WEIR_TEST_cli_usage_usage_query_test
  cli/printable.cc
  cli/text_chart.cc
  cli/usage/usage_chart.cc
  cli/usage/usage_query.cc
  cli/usage/usage_query_test.cc
  cli/usage/usage_report.cc)

set(WEIR_TEST_cli_usage_usage_report_test
  cli/printable.cc
  cli/usage/usage_report.cc
  cli/usage/usage_report_test.cc)

set(WEIR_TEST_cli_atomic_file_test
  cli/atomic_file.cc
  cli/atomic_file_test.cc)

set(WEIR_TEST_cli_command_line_test
  cli/command_line.cc
  cli/command_line_test.cc)

set(WEIR_TEST_cli_printable_test
  cli/notices.cc
  cli/printable.cc
  cli/printable_test.cc)

set(WEIR_TEST_cli_text_chart_test
  cli/printable.cc
  cli/text_chart.cc
  cli/text_chart_test.cc)

set(WEIR_TEST_gateway_authorizer_test
  gateway/authorizer.cc
  gateway/authorizer_test.cc
  gateway/trusted_peers.cc)

set(WEIR_TEST_gateway_trusted_peers_test
  gateway/trusted_peers.cc
  gateway/trusted_peers_test.cc)

set(WEIR_TEST_http_connection_table_test
  http/connection_table_test.cc)

set(WEIR_TEST_http_error_response_test
  http/error_response_test.cc)

set(WEIR_TEST_http_request_parser_test
  http/request_parser_test.cc)

set(WEIR_TEST_http_server_test
  http/server_test.cc)

set(WEIR_TEST_management_credentials_test
  management/credentials.cc
  management/credentials_test.cc)

set(WEIR_TEST_patch_message_json_test
  patch/message_json.cc
  patch/message_json_test.cc)

set(WEIR_TEST_plan_plan_diff_test
  plan/plan_diff.cc
  plan/plan_diff_test.cc
  plan/testing/plan_samples.cc)

set(WEIR_TEST_serve_access_log_test
  serve/access_log.cc
  serve/access_log_test.cc
  serve/access_record.cc
  serve/collector.cc
  serve/log_file.cc)

set(WEIR_TEST_serve_management_counters_test
  serve/management_counters.cc
  serve/management_counters_test.cc)

set(WEIR_TEST_serve_metrics_test
  gateway/authorizer.cc
  gateway/trusted_peers.cc
  serve/access_log.cc
  serve/access_record.cc
  serve/collector.cc
  serve/log_file.cc
  serve/management_counters.cc
  serve/metrics.cc
  serve/metrics_test.cc
  serve/metrics_writer.cc
  serve/process_status.cc
  serve/testing/metrics_parser.cc)

set(WEIR_TEST_serve_metrics_writer_test
  serve/metrics_writer.cc
  serve/metrics_writer_test.cc
  serve/testing/metrics_parser.cc)

set(WEIR_TEST_serve_own_paths_test
  serve/own_paths.cc
  serve/own_paths_test.cc)

set(WEIR_TEST_serve_process_status_test
  serve/process_status.cc
  serve/process_status_test.cc)

set(WEIR_TEST_serve_refused_keys_test
  serve/collector.cc
  serve/refused_keys.cc
  serve/refused_keys_test.cc
  serve/space_saving_test.cc)
