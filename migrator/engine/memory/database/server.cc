#include "migrator/engine/memory/database/server.h"

#include <algorithm>
#include <mutex>

namespace cutover::memory {

std::vector<TransactionNumber> Server::in_the_way(TransactionNumber by) const {
    std::vector<TransactionNumber> out = {by};
    for (auto next = waits_for.find(by);
         next != waits_for.end() && std::count(out.begin(), out.end(), next->second) == 0;
         next = waits_for.find(next->second)) {
        out.push_back(next->second);
    }
    return out;
}

void Server::break_sessions() {
    ++epoch;
    waits_for.clear();
    late_commits.clear();
    under_way.clear();
    database.restart();
    let_go(0);
}

void Server::let_go(std::uint64_t session) {
    const auto forget = [&](std::uint64_t& holder) {
        if (session == 0 || holder == session) {
            holder = 0;
        }
    };
    for (auto& [name, rows] : tasks) {
        forget(rows.lock_holder);
        forget(rows.listener_session);
    }
    for (auto& [id, row] : commands) {
        forget(row.poster);
    }
}

void Server::ring() {
    ++news;
    std::erase_if(bells_, [](const auto& bell) { return bell.expired(); });
    const std::vector<std::weak_ptr<flow::Gate>> bells = bells_;
    for (const auto& weak : bells) {
        if (const std::shared_ptr<flow::Gate> bell = weak.lock()) {
            const std::unique_lock lock(*bell);
            bell->notify_all();
        }
    }
}

std::shared_ptr<Server> Net::find(const plan::Endpoint& endpoint) const {
    for (const plan::HostPort& host : endpoint.hosts) {
        const auto found = servers.find(host.host + ":" + std::to_string(host.port));
        if (found != servers.end() && found->second->up) {
            return found->second;
        }
    }
    return nullptr;
}

}  // namespace cutover::memory
