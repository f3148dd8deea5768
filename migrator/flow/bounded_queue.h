// A queue that is closed from either end: push waits while it is full, pop while it is empty, close
// wakes all.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "migrator/flow/runtime.h"
#include "migrator/model/check.h"

namespace cutover::flow {

/// For any number of threads. `runtime` must outlive it.
template <typename T>
class BoundedQueue {
public:
    BoundedQueue(Runtime& runtime, std::size_t capacity)
        : gate_(runtime.make_gate()), capacity_(capacity) {
        CUTOVER_CHECK(capacity > 0);
    }

    /// False if the queue is closed; `item` is then lost.
    bool push(T item) {
        std::unique_lock lock(*gate_);
        while (items_.size() >= capacity_ && !closed_) {
            gate_->wait();
        }
        if (closed_) {
            return false;
        }
        items_.push_back(std::move(item));
        gate_->notify_all();
        return true;
    }
    /// Waits until a push would not have to wait. False if `deadline` passes first.
    bool wait_for_room(TimePoint deadline) {
        std::unique_lock lock(*gate_);
        while (items_.size() >= capacity_ && !closed_) {
            if (!gate_->wait_until(deadline)) {
                return items_.size() < capacity_ || closed_;
            }
        }
        return true;
    }
    /// Waits for an item; nothing if the queue is closed and empty.
    std::optional<T> pop() {
        std::unique_lock lock(*gate_);
        while (items_.empty() && !closed_) {
            gate_->wait();
        }
        if (items_.empty()) {
            return std::nullopt;
        }
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        gate_->notify_all();
        return item;
    }
    /// Forbids further pushes; items inside can still be popped.
    void close() {
        const std::unique_lock lock(*gate_);
        closed_ = true;
        gate_->notify_all();
    }
    /// Like close(), and drops the items inside.
    void abandon() {
        const std::unique_lock lock(*gate_);
        closed_ = true;
        items_.clear();
        gate_->notify_all();
    }

private:
    std::unique_ptr<Gate> gate_;
    std::size_t capacity_;
    std::deque<T> items_;
    bool closed_ = false;
};

}  // namespace cutover::flow
