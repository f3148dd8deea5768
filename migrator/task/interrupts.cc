#include "migrator/task/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

#include "migrator/model/check.h"

namespace cutover::task {

namespace {

// What a signal handler may touch: lock-free atomics and write().
std::atomic<flow::StopSignal*> stop_of_the_task = nullptr;
std::atomic<int> signals_seen = 0;

void say(std::string_view text) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

extern "C" void on_interrupt(int number) {
    if (signals_seen.fetch_add(1) > 0) {
        say("cutover: ended at once; start again to go on\n");
        ::_exit(128 + number);
    }
    say("cutover: stopping at the next durable point (once more to end at once)\n");
    if (flow::StopSignal* stop = stop_of_the_task.load()) {
        stop->request_from_signal();
    }
}

void handle(int number, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    // Waits inside system calls go on: the stop is seen within their own bounds.
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
}

}  // namespace

Interrupts::Interrupts(flow::StopSignal& stop) {
    CUTOVER_CHECK(stop_of_the_task.exchange(&stop) == nullptr);
    handle(SIGINT, on_interrupt);
    handle(SIGTERM, on_interrupt);
    handle(SIGPIPE, SIG_IGN);
}

Interrupts::~Interrupts() {
    handle(SIGINT, SIG_DFL);
    handle(SIGTERM, SIG_DFL);
    stop_of_the_task = nullptr;
    signals_seen = 0;
}

}  // namespace cutover::task
