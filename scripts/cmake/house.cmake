# The project's own CMake functions: options for every target, cutover_library, cutover_test.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# Compiles many files of a library together, so that a full build takes a third of the time. The preset dev, for
# daily work, compiles file by file.
option(CUTOVER_UNITY "Compile many files at once" ON)
set(CMAKE_UNITY_BUILD ${CUTOVER_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

add_library(house_options INTERFACE)
target_include_directories(house_options INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(house_options INTERFACE Threads::Threads fmt::fmt)
target_compile_options(house_options INTERFACE
    -Wall -Wextra -Wpedantic   # the compiler's own judgement
    -Wshadow                   # two things with one name is one too few
    -Wnon-virtual-dtor -Woverloaded-virtual
    -Wold-style-cast -Wduplicated-cond -Wlogical-op -Wformat=2 -Wimplicit-fallthrough
    -Wno-restrict              # g++ 12 sees overlaps in std::string's own operator+ that are not there
    $<$<BOOL:${CUTOVER_WERROR}>:-Werror>)
if(CUTOVER_REHEARSAL_HOOKS)
    target_compile_definitions(house_options INTERFACE CUTOVER_REHEARSAL_HOOKS=1)
endif()
if(CUTOVER_SANITIZE)
    target_compile_options(house_options INTERFACE
        -fsanitize=${CUTOVER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(house_options INTERFACE -fsanitize=${CUTOVER_SANITIZE})
endif()

# cutover_library(NAME SOURCES a.cc ... [DEPENDS house libs ...] [PRIVATE_DEPENDS third-party libs ...])
# Third-party libraries are private, so that a header which leaks one does not compile elsewhere.
function(cutover_library NAME)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
    if(ARG_SOURCES)
        add_library(${NAME} STATIC ${ARG_SOURCES})
        target_link_libraries(${NAME} PUBLIC house_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
    else()
        add_library(${NAME} INTERFACE)
        target_link_libraries(${NAME} INTERFACE house_options ${ARG_DEPENDS})
    endif()
endfunction()

# cutover_test(NAME SOURCES a_test.cc ... [DEPENDS ...] [LABELS fast|live ...] [TIMEOUT seconds])
# One executable and one CTest entry; `fast` needs no server.
function(cutover_test NAME)
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
    find_package(GTest REQUIRED)
    add_executable(${NAME} ${ARG_SOURCES})
    # Tests have small helpers with equal names, so each file is compiled by itself.
    set_target_properties(${NAME} PROPERTIES UNITY_BUILD OFF)
    target_link_libraries(${NAME} PRIVATE house_options ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
    if(NOT ARG_LABELS)
        set(ARG_LABELS fast)
    endif()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    add_test(NAME ${NAME} COMMAND ${NAME} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
