// engine::Control over the schema `cutover` (control_schema.h). The claim is two things in the
// task's row: the session that holds it, believed for as long as that session lives, and the epoch,
// which is what writers are checked against. Whoever may not write our rows can take neither. The
// session may be lost with its connection; the epoch is the fence.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/control.h"
#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/session/session_pool.h"
#include "migrator/engine/postgres/trust/own_objects.h"

namespace cutover::postgres {

/// A control whose connection broke under a claim says so once with connection `task.lock_lost`:
/// the task must claim again, and its writers must be opened again (theirs is the old epoch).
class PostgresControl final : public engine::Control {
public:
    /// Makes nothing: claim() does. `task` names the session; `sessions` and `claims` outlive the
    /// control. Throws: refused `control.schema_foreign`, connection.
    PostgresControl(SessionPool& sessions, std::string task, ClaimHolder& claims);

    std::optional<engine::TaskRecord> load(const std::string& task) override;
    engine::TaskRecord claim(const std::string& task, const std::string& fingerprint,
                             const engine::Claimant& who) override;
    bool is_held(const std::string& task) override;
    std::vector<std::string> correct(const plan::Plan& plan) override;
    void listen(const std::string& task, std::uint64_t epoch, const std::string& process) override;
    void save(const engine::TaskRecord& record) override;

    std::vector<model::Chunk> chunks() override;
    std::vector<model::ChunkReceipt> receipts() override;
    void add_chunks(const std::vector<model::Chunk>& chunks) override;
    void restart_table(const plan::TablePlan& table,
                       const std::vector<model::Chunk>& chunks) override;
    std::vector<std::string> done_schema_steps() override;
    engine::StoredPlan stored_plan(const std::string& task) override;
    void store_catalog(const std::string& catalog) override;
    void begin_evolution(const std::string& evolution,
                         const std::set<std::string>& forgotten) override;
    void adopt(const engine::Adoption& adoption) override;
    void end_evolution() override;

    void save_marker(const model::Marker& marker) override;

    std::vector<engine::Command> pending_commands() override;
    void answer_command(std::uint64_t id, const std::string& answer) override;
    std::uint64_t post_command(const std::string& task, const engine::Command& command) override;
    std::optional<std::string> command_answer(std::uint64_t id) override;

    void publish_status(const std::string& json) override;
    std::string status(const std::string& task) override;

    void fence(const std::string& cutover) override;
    void note_cutover(const std::string& cutover) override;
    void release(const std::string& task) override;

private:
    /// Runs `body` on a live connection; rolls back what it leaves open when it throws.
    template <typename Body>
    auto guarded(Body body) -> decltype(body());
    /// guarded(), in a transaction that only the claim in force may commit.
    template <typename Body>
    void claimed_transaction(Body body);

    const Claim& claimed() const;
    [[noreturn]] void lock_lost(const std::string& why);
    void reconnect_if_needed();
    void hold_task(const std::string& task, const std::string& process);
    std::optional<Result> try_hold(const std::string& task, const std::string& process);
    void let_go(const std::string& task) noexcept;
    [[noreturn]] static void refuse_running(const std::string& task, const Result& holder);
    void end_leftover_sessions(const std::string& task);
    void make_record(const std::string& task, const std::string& fingerprint);
    void require_same(const std::string& task, const engine::Claimant& who);
    void raise_epoch(const std::string& task, const std::string& fingerprint,
                     const engine::Claimant& who);
    /// Runs `work` in a transaction in which the schema is there and stays ours; false if it is not
    /// there.
    template <typename Work>
    bool in_schema(Hold hold, Work work);
    /// The row of a query with one parameter; nothing without row or schema.
    std::optional<Result> look(const std::string& sql, const std::string& key);
    void check_own_epoch(const Result& written) const;

    SessionPool& sessions_;
    std::string task_;
    ClaimHolder& claims_;
    Connection connection_;
    std::optional<Claim> claim_;
    std::string held_task_;  ///< whose row names this session as its holder
    bool lost_ = false;
};

}  // namespace cutover::postgres
