# What every target of the project shares, and the three ways of making one.

add_library(jaunt_options INTERFACE)
target_compile_options(jaunt_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Wundef
  # g++ 12 sees writes out of bounds in the standard library's own vector and string code.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict>
  $<$<BOOL:${JAUNT_WERROR}>:-Werror>)
target_compile_definitions(jaunt_options INTERFACE ASIO_HAS_CO_AWAIT=1 ASIO_HAS_STD_COROUTINE=1 _FILE_OFFSET_BITS=64)
target_include_directories(jaunt_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(JAUNT_SANITIZE)
  target_compile_options(jaunt_options INTERFACE -fsanitize=${JAUNT_SANITIZE} -fno-omit-frame-pointer
                                                 -fno-sanitize-recover=all)
  target_link_options(jaunt_options INTERFACE -fsanitize=${JAUNT_SANITIZE})
endif()
if(JAUNT_FUZZERS)
  target_compile_options(jaunt_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_custom_target(fuzzers)
add_custom_target(tests_without_guests)

# jaunt_library(FOLDER SOURCES ... [LINKS jaunt::x ...] [OWNS library ...])
# One static library per folder of src/. LINKS are folders to the right of this one in docs/architecture.md and are
# part of its interface; OWNS are third-party libraries, which stay private to its .cpp files.
function(jaunt_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;OWNS" ${ARGN})
  add_library(jaunt_${folder} STATIC ${ARG_SOURCES})
  add_library(jaunt::${folder} ALIAS jaunt_${folder})
  target_link_libraries(jaunt_${folder} PUBLIC jaunt_options ${ARG_LINKS} PRIVATE ${ARG_OWNS})
endfunction()

# jaunt_test(NAME LABEL unit|property|golden|... SOURCES ... [LINKS jaunt::x ...] [TIMEOUT seconds])
# A doctest executable, registered with ctest under its label. A run that exits 77 counts as skipped. Its own sources
# are optimised less, which halves the time to compile them. The target tests_without_guests builds the quick tiers.
function(jaunt_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE jaunt_options jaunt_doctest_main ${ARG_LINKS})
  target_compile_options(${name} PRIVATE -O1)
  if(ARG_LABEL MATCHES "^(unit|property|golden)$")
    add_dependencies(tests_without_guests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  # No test fetches packages from mirrors elsewhere.
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77
                       ENVIRONMENT JAUNT_MIRROR_USE=false)
endfunction()

# jaunt_fuzzer(NAME SOURCES ... [LINKS jaunt::x ...])
# With JAUNT_FUZZERS a libFuzzer binary; otherwise the same entry point replays tests/fuzz/corpus/NAME as a test.
function(jaunt_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE jaunt_options ${ARG_LINKS})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz)
  add_dependencies(fuzzers ${name})
  add_dependencies(tests_without_guests ${name})
  if(JAUNT_FUZZERS)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cpp)
    add_test(NAME ${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endfunction()
