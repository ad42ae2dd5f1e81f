# Finds what the core of Weir needs. Used by the build, and by what it installs.
macro(weir_find_core_dependencies)
  include(CMakeFindDependencyMacro)
  find_dependency(Threads)
  find_dependency(absl)
  # Protocol Buffers have a package of their own with version 3.22 and later; before
  # that, CMake's module finds them.
  find_package(protobuf CONFIG QUIET)
  if(NOT TARGET protobuf::libprotobuf)
    find_dependency(Protobuf)
  endif()
endmacro()
