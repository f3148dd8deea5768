// What belongs to a cutover that is asked for while somebody writes: the asking itself, and
// transactions that are left open beside it. None of it breaks anything.
#include <algorithm>

#include "scenarios/evidence/cutover_answer.h"
#include "scenarios/evidence/journal.h"
#include "scenarios/fault/fault.h"

namespace cutover::scenarios {

namespace {

constexpr std::chrono::seconds kFinishWithin{120};

/// `cutover finish` while the writers write. Whether it may end as it did is for the assertions to
/// say; landed is that it has said how.
class Finish : public Fault {
public:
    explicit Finish(const Parameters& with) {
        for (const char* option : {"quiet_seconds", "wait_for_transactions"}) {
            const std::string value = with.text(option);
            if (!value.empty()) {
                std::string name = std::string("--") + option;
                std::replace(name.begin(), name.end(), '_', '-');
                options_.insert(options_.end(), {name, value});
            }
        }
        if (with.flag("fence_source", false)) {
            options_.emplace_back("--fence-source");
        }
    }

    std::string target() const override { return "migrator"; }
    void inject(Scene& scene) override {
        std::vector<std::string> more = {"--json"};
        more.insert(more.end(), options_.begin(), options_.end());
        const Instant at = wall_now();
        const CommandOutcome said = scene.run_cutover("finish", more, kFinishWithin);
        CutoverAnswer answer = cutover_answer("finish", said.exit_code, said.output);
        answer.at = at;
        answer.beside_writers = true;
        if (!answer.outcome.empty()) {
            proof_ = shown(answer);
        }
        scene.evidence().finishes.push_back(std::move(answer));
    }
    std::optional<std::string> landed(Scene&) override { return proof_; }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }

private:
    std::vector<std::string> options_;
    std::optional<std::string> proof_;
};

/// Somebody writes, and neither commits nor rolls back.
class BeginTransaction : public Fault {
public:
    explicit BeginTransaction(const Parameters& with)
        : statements_(with.text("statements")), prepared_(with.flag("prepared", false)) {}

    std::string target() const override { return "source"; }
    void inject(Scene& scene) override {
        proof_ = scene.ground().begin_transaction(statements_, prepared_);
    }
    std::optional<std::string> landed(Scene&) override { return proof_; }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }

private:
    std::string statements_;
    bool prepared_;
    std::string proof_;
};

class CommitTransaction : public Fault {
public:
    explicit CommitTransaction(const Parameters&) {}

    std::string target() const override { return "source"; }
    void inject(Scene& scene) override { proof_ = scene.ground().commit_transaction(); }
    std::optional<std::string> landed(Scene&) override { return proof_; }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }

private:
    std::string proof_;
};

const FaultKind kCutoverSteps[] = {
    {"finish",
     "`cutover finish` while the writers write",
     make<Finish>,
     {{"quiet_seconds"}, {"wait_for_transactions"}, {"fence_source", false}}},
    {"begin_transaction",
     "writes at the source and leaves the transaction open, or prepared",
     make<BeginTransaction>,
     {{"statements", false, true}, {"prepared", false}}},
    {"commit_transaction", "commits the one that was left open", make<CommitTransaction>, {}},
};

}  // namespace

std::span<const FaultKind> cutover_steps() {
    return kCutoverSteps;
}

}  // namespace cutover::scenarios
