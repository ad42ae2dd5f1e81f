# What is installed, and how others find it: as Abseil and RE2 do.
get_property(libraries GLOBAL PROPERTY weir_libraries)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/weir")

install(TARGETS ${libraries}
  EXPORT weirTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT libraries
    NAMELINK_COMPONENT development)
if(TARGET c_api)
  install(TARGETS c_api
    EXPORT weirTargets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT libraries
      NAMELINK_COMPONENT development)
  install(FILES include/weir/weir.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/weir"
    COMPONENT development)
endif()

# The code that protoc makes, and what it is made of.
foreach(proto IN LISTS WEIR_CORE_PROTOS)
  string(REGEX REPLACE "\\.proto$" ".pb.h" header "${proto}")
  install(FILES "${proto}" "${generated}/weir/${header}"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/weir/proto" COMPONENT development)
endforeach()

install(EXPORT weirTargets NAMESPACE weir:: DESTINATION "${package_folder}"
  COMPONENT development)
configure_package_config_file(cmake/weirConfig.cmake.in
  "${PROJECT_BINARY_DIR}/weirConfig.cmake" INSTALL_DESTINATION "${package_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/weirConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/weirConfig.cmake"
  "${PROJECT_BINARY_DIR}/weirConfigVersion.cmake"
  cmake/weirDependencies.cmake
  DESTINATION "${package_folder}" COMPONENT development)

# pkg-config. Beside libweir.so, -lweir would be the C interface.
set(pkgconfig_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH pc_prefix "/${pkgconfig_folder}" "/")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
list(TRANSFORM WEIR_CORE_LIBRARIES REPLACE "^absl::" "absl_" OUTPUT_VARIABLE pc_requires)
list(TRANSFORM pc_requires REPLACE "^protobuf::lib" "")
list(JOIN pc_requires ", " pc_requires)
if(pc_requires MATCHES "::")
  message(FATAL_ERROR "no name for pkg-config is known of one of ${pc_requires}")
endif()
set(pc_weir $<IF:$<BOOL:${BUILD_SHARED_LIBS}>,-lweir_cpp,-l:libweir.a>)
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/weir.pc.in" CONTENT
"prefix=\${pcfiledir}/@pc_prefix@
libdir=\${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=\${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: weir
Description: Usage plans: throttles and quotas for API gateways, in-process
Version: @PROJECT_VERSION@
Requires: @pc_requires@
Cflags: -I\${includedir}
Libs: -L\${libdir} @pc_weir@ -pthread
" @ONLY)
file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/weir.pc" INPUT "${PROJECT_BINARY_DIR}/weir.pc.in")
install(FILES "${PROJECT_BINARY_DIR}/weir.pc" DESTINATION "${pkgconfig_folder}"
  COMPONENT development)
if(TARGET c_api)
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/weir-c.pc" CONTENT
"prefix=\${pcfiledir}/@pc_prefix@
libdir=\${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=\${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: weir-c
Description: Usage plans: throttles and quotas for API gateways, in-process; for C
Version: @PROJECT_VERSION@
Cflags: -I\${includedir}
Libs: -L\${libdir} -lweir
" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/weir-c.pc" DESTINATION "${pkgconfig_folder}"
    COMPONENT development)
endif()

if(TARGET weir_tool)
  install(TARGETS weir_tool RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT tools)
  add_custom_command(OUTPUT "${PROJECT_BINARY_DIR}/weir.1"
    COMMAND "${PROJECT_SOURCE_DIR}/packaging/man.sh" $<TARGET_FILE:weir_tool> 2026-01-01
      > "${PROJECT_BINARY_DIR}/weir.1"
    DEPENDS weir_tool packaging/man.sh)
  add_custom_target(weir_man ALL DEPENDS "${PROJECT_BINARY_DIR}/weir.1")
  install(FILES "${PROJECT_BINARY_DIR}/weir.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1"
    COMPONENT tools)
  install(FILES packaging/weir.bash RENAME weir
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT tools)
  install(FILES packaging/weir.service DESTINATION lib/systemd/system COMPONENT tools)
  install(FILES packaging/weir.sysusers RENAME weir.conf DESTINATION lib/sysusers.d
    COMPONENT tools)
endif()
