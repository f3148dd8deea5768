#include "migrator/flow/thread_runtime.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace cutover::flow {

namespace {

class ThreadGate final : public Gate {
public:
    void lock() override { mutex_.lock(); }
    void unlock() override { mutex_.unlock(); }
    void wait() override { condition_.wait(mutex_); }
    bool wait_until(TimePoint deadline) override {
        return condition_.wait_until(mutex_, deadline) == std::cv_status::no_timeout;
    }
    void notify_all() override { condition_.notify_all(); }

private:
    std::mutex mutex_;
    std::condition_variable_any condition_;
};

class ThreadWorker final : public Worker {
public:
    explicit ThreadWorker(std::function<void()> body) : thread_(std::move(body)) {}
    ~ThreadWorker() override { join(); }
    void join() override {
        if (thread_.joinable()) {
            thread_.join();
        }
    }

private:
    std::thread thread_;
};

}  // namespace

ThreadRuntime::ThreadRuntime(Hook hook) : hook_(std::move(hook)) {}

TimePoint ThreadRuntime::now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

model::Instant ThreadRuntime::wall() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

std::uint64_t ThreadRuntime::random() {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return generator();
}

std::unique_ptr<Gate> ThreadRuntime::make_gate() {
    return std::make_unique<ThreadGate>();
}

std::unique_ptr<Worker> ThreadRuntime::spawn(std::string, std::function<void()> body) {
    return std::make_unique<ThreadWorker>(std::move(body));
}

}  // namespace cutover::flow
