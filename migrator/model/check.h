// Programmer errors end the process: CUTOVER_CHECK states what must hold, in release builds too.
// It is not for operating errors (model/error.h) and not for findings (model/finding.h).
#pragma once

namespace cutover::model {

/// For the simulation, whose deliberate bugs break assumptions too: what is done first, instead of
/// printing. It may throw. Null: nothing. One for the process, set before threads are.
using CheckHandler = void (*)(const char* text);
void on_check_failed(CheckHandler handler);

/// Prints the broken condition with its place and ends the process.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace cutover::model

#define CUTOVER_CHECK(condition)  \
    (static_cast<bool>(condition) \
         ? static_cast<void>(0)   \
         : ::cutover::model::check_failed(#condition, __FILE__, __LINE__))
