// What is done to servers, and to what a task keeps on them. The ground does it and says how it was
// seen.
#include <fmt/format.h>

#include "scenarios/fault/fault.h"

namespace cutover::scenarios {

namespace {

/// Most faults on servers: the ground's call returns when it has landed.
class GroundFault : public Fault {
public:
    void inject(Scene& scene) final { proof_ = strike(scene); }
    std::optional<std::string> landed(Scene&) final { return proof_; }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }

protected:
    /// What was seen of it; nothing if it hit nothing.
    virtual std::optional<std::string> strike(Scene& scene) = 0;

private:
    std::optional<std::string> proof_;
};

/// Those that are done to one server and undone after a while.
class ServerFault : public GroundFault {
public:
    ServerFault(const Parameters& with, double hold_ms)
        : role_(parse_role(with.text("server"))),
          hold_(static_cast<std::int64_t>(with.number("for_ms", hold_ms))) {}

    std::string target() const override { return std::string(to_string(role_)); }
    std::chrono::milliseconds hold() const override { return hold_; }

protected:
    Role role_;

private:
    std::chrono::milliseconds hold_;
};

class KillServer : public ServerFault {
public:
    explicit KillServer(const Parameters& with) : ServerFault(with, 1000) {}
    std::optional<std::string> heal(Scene& scene) override { return scene.ground().start(role_); }

private:
    std::optional<std::string> strike(Scene& scene) override { return scene.ground().kill(role_); }
};

class RestartServer : public ServerFault {
public:
    explicit RestartServer(const Parameters& with) : ServerFault(with, 0) {}

private:
    std::optional<std::string> strike(Scene& scene) override {
        return scene.ground().restart(role_);
    }
};

class PauseServer : public ServerFault {
public:
    explicit PauseServer(const Parameters& with) : ServerFault(with, 3000) {}
    std::optional<std::string> heal(Scene& scene) override { return scene.ground().resume(role_); }

private:
    std::optional<std::string> strike(Scene& scene) override { return scene.ground().pause(role_); }
};

class PartitionServer : public ServerFault {
public:
    explicit PartitionServer(const Parameters& with) : ServerFault(with, 3000) {}
    std::optional<std::string> heal(Scene& scene) override {
        return scene.ground().heal_partition(role_);
    }

private:
    std::optional<std::string> strike(Scene& scene) override {
        return scene.ground().partition(role_);
    }
};

class PromoteStandby : public GroundFault {
public:
    explicit PromoteStandby(const Parameters& with) : fair_(with.flag("wait_for_slot", true)) {}
    std::string target() const override { return "source"; }
    bool ready(Scene& scene) override {
        // A failover before the standby has ever kept the slot is another scenario (wait_for_slot:
        // false).
        if (!fair_) {
            return true;
        }
        const std::optional<std::string> kept = scene.ground().standby_ready(scene.task());
        before_ = kept.value_or("");
        return kept.has_value();
    }

private:
    std::optional<std::string> strike(Scene& scene) override {
        return before_ + (before_.empty() ? "" : "; ") + scene.ground().fail_over();
    }

    bool fair_;
    std::string before_;
};

class DropCapture : public GroundFault {
public:
    explicit DropCapture(const Parameters&) {}
    std::string target() const override { return "source"; }

private:
    std::optional<std::string> strike(Scene& scene) override {
        return scene.ground().drop_capture(scene.task());
    }
};

class RecreateCapture : public GroundFault {
public:
    explicit RecreateCapture(const Parameters&) {}
    std::string target() const override { return "source"; }

private:
    std::optional<std::string> strike(Scene& scene) override {
        return scene.ground().recreate_capture(scene.task());
    }
};

class RunStatements : public GroundFault {
public:
    RunStatements(const Parameters& with, Side side)
        : side_(side), statements_(with.text("statements")) {}
    std::string target() const override { return std::string(to_string(side_)); }

private:
    std::optional<std::string> strike(Scene& scene) override {
        const std::uint64_t rows = scene.ground().run_statements(side_, statements_);
        return rows > 0 ? std::optional(fmt::format("{} rows were written", rows)) : std::nullopt;
    }

    Side side_;
    std::string statements_;
};

template <Side side>
std::unique_ptr<Fault> make_statements(const Parameters& with) {
    return std::make_unique<RunStatements>(with, side);
}

const std::vector<ParameterKind> kServer = {{"server", false, true}, {"for_ms"}};

const FaultKind kServerFaults[] = {
    {"kill_server", "SIGKILL to every process of a server; started again after for_ms",
     make<KillServer>, kServer},
    {"restart_server",
     "stops a server in order and starts it again",
     make<RestartServer>,
     {{"server", false, true}}},
    {"pause_server", "freezes a server: connections stay open and silent", make<PauseServer>,
     kServer},
    {"partition_server", "cuts a server off from everybody", make<PartitionServer>, kServer},
    {"promote_standby",
     "kills the source for good and promotes its standby",
     make<PromoteStandby>,
     {{"wait_for_slot", false}}},
    {"drop_slot", "removes what the task keeps of the source's log", make<DropCapture>, {}},
    {"recreate_slot",
     "removes it and makes a new one of the same name, later in the log",
     make<RecreateCapture>,
     {}},
    {"source_statements",
     "runs statements at the source",
     make_statements<Side::source>,
     {{"statements", false, true}}},
    {"foreign_write",
     "runs statements at the destination, as somebody else would",
     make_statements<Side::destination>,
     {{"statements", false, true}}},
};

}  // namespace

std::span<const FaultKind> server_faults() {
    return kServerFaults;
}

}  // namespace cutover::scenarios
