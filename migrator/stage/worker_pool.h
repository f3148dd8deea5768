// A few workers over one queue, with the first exception kept. The coordinating thread ticks until
// they are through; then the exception, if any, is thrown there.
#pragma once

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "migrator/flow/runtime.h"
#include "migrator/model/error.h"
#include "migrator/stage/context.h"

namespace cutover::stage {

/// Whether what a worker is doing has lost its point: another one has failed, or a stop was asked.
using GivenUp = std::function<bool()>;

/// Runs `work(worker, item, given_up)` for all items on `workers` threads; `make_worker()` is
/// called on each thread for what it alone owns. After an error or a stop nothing new is begun; a
/// worker brings to an end what it has begun, but asks `given_up` while it waits.
/// Throws: the first exception of a worker, whatever it is; stopped.
template <typename Item, typename MakeWorker, typename Work>
void run_workers(Context& context, std::deque<Item> items, std::uint32_t workers,
                 const std::string& name, MakeWorker make_worker, Work work) {
    const std::unique_ptr<flow::Gate> gate = context.runtime.make_gate();
    std::exception_ptr failure;
    std::atomic<bool> failed = false;
    std::uint32_t running = 0;

    const auto fail = [&](std::exception_ptr thrown) {
        const std::unique_lock lock(*gate);
        if (!failure) {
            failure = std::move(thrown);
        }
        failed = true;
    };
    const GivenUp given_up = [&] { return failed || context.stop.requested(); };
    const auto take = [&]() -> std::optional<Item> {
        const std::unique_lock lock(*gate);
        if (items.empty() || given_up()) {
            return std::nullopt;
        }
        std::optional<Item> item(std::move(items.front()));
        items.pop_front();
        return item;
    };
    const auto body = [&] {
        try {
            std::optional<Item> item = take();
            if (item) {
                auto worker = make_worker();
                for (; item; item = take()) {
                    work(*worker, *item, given_up);
                }
            }
        } catch (const std::exception&) {
            fail(std::current_exception());
        }
        const std::unique_lock lock(*gate);
        --running;
        gate->notify_all();
    };

    std::vector<std::unique_ptr<flow::Worker>> threads;
    const auto count = std::min<std::size_t>(workers, items.size());
    running = static_cast<std::uint32_t>(count);
    for (std::size_t at = 0; at < count; ++at) {
        threads.push_back(context.runtime.spawn(name + std::to_string(at), body));
    }
    std::unique_lock lock(*gate);
    while (running > 0) {
        gate->wait_until(context.runtime.now() + std::chrono::milliseconds(100));
        lock.unlock();
        try {
            context.tick();
        } catch (const std::exception&) {
            fail(std::current_exception());
        }
        lock.lock();
    }
    lock.unlock();
    threads.clear();
    if (failure) {
        std::rethrow_exception(failure);
    }
    context.stop.throw_if_requested();
}

}  // namespace cutover::stage
