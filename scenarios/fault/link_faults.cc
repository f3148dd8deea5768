// What is done to the links between the migrator and the servers.
#include <fmt/format.h>

#include "fixtures/link_proxy.h"
#include "scenarios/fault/fault.h"

namespace cutover::scenarios {

namespace {

using fixtures::LinkCounters;
using fixtures::LinkDirection;
using fixtures::LinkProxy;

class LinkFault : public Fault {
public:
    LinkFault(const Parameters& with, double hold_ms)
        : role_(parse_role(with.text("link"))),
          hold_(static_cast<std::int64_t>(with.number("for_ms", hold_ms))) {}

    std::string target() const override { return fmt::format("link {}", to_string(role_)); }
    std::chrono::milliseconds hold() const override { return hold_; }
    std::optional<std::string> heal(Scene& scene) override {
        link(scene).heal();
        return "the link forwards again";
    }

protected:
    LinkProxy& link(Scene& scene) const { return scene.ground().link(role_); }

private:
    Role role_;
    std::chrono::milliseconds hold_;
};

/// A reset of every open connection, or of the next one that has carried so many bytes.
class CutLink : public LinkFault {
public:
    explicit CutLink(const Parameters& with)
        : LinkFault(with, 0),
          at_byte_(static_cast<std::uint64_t>(with.number("at_byte", 0))),
          direction_(with.text("direction", "to_target") == "to_client"
                         ? LinkDirection::to_client
                         : LinkDirection::to_target) {}

    void inject(Scene& scene) override {
        before_ = link(scene).counters();
        retries_ = scene.evidence().retries.size();
        cut(scene);
    }
    /// Once the migrator has said that it met it: the session that hears commands is on this link
    /// too, and replaces itself without a word when it alone is hit.
    std::optional<std::string> landed(Scene& scene) override {
        const LinkCounters now = link(scene).counters();
        const bool hit =
            at_byte_ > 0 ? now.byte_resets > before_.byte_resets : now.resets > before_.resets;
        if (!hit) {
            if (at_byte_ == 0) {
                cut(scene);  // nobody was connected at that moment: the next one is cut
            }
            return std::nullopt;
        }
        if (scene.evidence().retries.size() == retries_) {
            if (Clock::now() > cut_at_ + kToldWithin) {
                before_ = now;
                cut(scene);
            }
            return std::nullopt;
        }
        const std::string met = scene.evidence().retries.back().message;
        return at_byte_ > 0 ? fmt::format(
                                  "a connection was reset at byte {} from then on; the "
                                  "migrator met it: {}",
                                  at_byte_, met)
                            : fmt::format("{} connections were reset; the migrator met it: {}",
                                          now.resets - before_.resets, met);
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds kToldWithin{2};

    void cut(Scene& scene) {
        cut_at_ = Clock::now();
        if (at_byte_ == 0) {
            link(scene).reset_all();
            return;
        }
        const LinkCounters now = link(scene).counters();
        const std::uint64_t passed =
            direction_ == LinkDirection::to_client ? now.bytes_to_client : now.bytes_to_target;
        link(scene).reset_at_byte(direction_, passed + at_byte_, fixtures::LinkScope::link);
    }

    std::uint64_t at_byte_;
    LinkDirection direction_;
    LinkCounters before_;
    std::size_t retries_ = 0;
    Clock::time_point cut_at_;
};

/// Refuses new connections and resets the open ones, for a while.
class BlockLink : public LinkFault {
public:
    explicit BlockLink(const Parameters& with) : LinkFault(with, 5000) {}

    void inject(Scene& scene) override {
        retries_ = scene.evidence().retries.size();
        link(scene).refuse();
        cut_ = link(scene).reset_all();
    }
    std::optional<std::string> landed(Scene& scene) override {
        if (cut_ > 0) {
            return fmt::format("{} connections were reset, new ones are refused", cut_);
        }
        // Nobody was connected at that moment, and the kernel counts no refusals: the migrator says
        // when it met one.
        if (scene.evidence().retries.size() > retries_) {
            return "the migrator was refused: " + scene.evidence().retries.back().message;
        }
        return std::nullopt;
    }

private:
    std::size_t cut_ = 0;
    std::size_t retries_ = 0;
};

class HalfOpenLink : public LinkFault {
public:
    explicit HalfOpenLink(const Parameters& with) : LinkFault(with, 5000) {}

    void inject(Scene& scene) override {
        retries_ = scene.evidence().retries.size();
        link(scene).half_open();
        silent_ = link(scene).counters().open_connections;
    }
    std::optional<std::string> landed(Scene& scene) override {
        if (silent_ > 0) {
            return fmt::format("{} connections are silent", silent_);
        }
        // The kernel takes new ones for the proxy: only who waits for an answer notices.
        if (scene.evidence().retries.size() > retries_) {
            return "the migrator got no answer: " + scene.evidence().retries.back().message;
        }
        return std::nullopt;
    }

private:
    std::uint64_t silent_ = 0;
    std::size_t retries_ = 0;
};

class SlowLink : public LinkFault {
public:
    explicit SlowLink(const Parameters& with)
        : LinkFault(with, 5000),
          latency_(static_cast<std::int64_t>(with.number("latency_ms", 0))),
          bandwidth_(static_cast<std::uint64_t>(with.number("bytes_per_second", 0))) {}

    void inject(Scene& scene) override {
        link(scene).set_latency(latency_);
        link(scene).set_bandwidth(bandwidth_);
        passed_ = passed(scene);
    }
    std::optional<std::string> landed(Scene& scene) override {
        const std::uint64_t since = passed(scene) - passed_;
        return since > 0
                   ? std::optional(fmt::format(
                         "{} bytes have passed at {} ms each way{}", since, latency_.count(),
                         bandwidth_ > 0 ? fmt::format(", {} bytes/s", bandwidth_) : std::string()))
                   : std::nullopt;
    }

private:
    std::uint64_t passed(Scene& scene) const {
        const LinkCounters now = link(scene).counters();
        return now.bytes_to_client + now.bytes_to_target;
    }

    std::uint64_t passed_ = 0;
    std::chrono::milliseconds latency_;
    std::uint64_t bandwidth_;
};

const FaultKind kLinkFaults[] = {
    {"cut_link",
     "resets every connection of a link, now or at a byte",
     make<CutLink>,
     {{"link", false, true}, {"at_byte"}, {"direction", false}, {"for_ms"}}},
    {"block_link",
     "resets a link's connections and refuses new ones for a while",
     make<BlockLink>,
     {{"link", false, true}, {"for_ms"}}},
    {"half_open_link",
     "a link goes silent, nobody is told",
     make<HalfOpenLink>,
     {{"link", false, true}, {"for_ms"}}},
    {"slow_link",
     "latency or little bandwidth",
     make<SlowLink>,
     {{"link", false, true}, {"latency_ms"}, {"bytes_per_second"}, {"for_ms"}}},
};

}  // namespace

std::span<const FaultKind> link_faults() {
    return kLinkFaults;
}

}  // namespace cutover::scenarios
