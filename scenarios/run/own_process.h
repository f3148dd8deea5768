// What the program does to its own process before anything else: it will hold passwords of strong
// accounts, and it is started from shells and schedulers whose settings nobody has looked at.
#pragma once

#include <ostream>

namespace cutover::scenarios {

/// No core dump is written (nor attached to by other processes of the account), and variables of
/// the environment that an engine's library would obey are taken away; `told` is told which.
/// Call it before there is a second thread.
void keep_secrets_in_process(std::ostream& told);

}  // namespace cutover::scenarios
