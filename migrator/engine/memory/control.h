// A task's rows at a memory server, and the claim that fences writers off.
#pragma once

#include <memory>

#include "migrator/engine/control.h"
#include "migrator/engine/memory/database/session.h"
#include "migrator/model/error.h"

namespace cutover::memory {

/// Who may write: made by Control::claim(), checked inside every commit of the same sink.
struct Claim {
    std::string task;
    std::uint64_t epoch = 0;
};

/// Of a write() or stage() that carries more rows than the destination takes at once.
model::Error too_large(model::Rows rows, model::Rows most);

/// Throws: stopped `task.fenced` if another claim is in force, or the task is finished.
void check_claim(const Server& server, const Claim& claim);

class MemoryControl final : public engine::Control {
public:
    MemoryControl(flow::Runtime& runtime, const Net& net, const plan::Endpoint& endpoint,
                  std::shared_ptr<Claim> claim)
        : session_(runtime, net, endpoint, "control"), claim_(std::move(claim)) {}

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
    void restart_at_once(const plan::TablePlan& table, const std::vector<model::Chunk>& chunks);
    void read(const char* name, const std::function<void(TaskRows&)>& work);
    /// `work` runs only if the claim is in force.
    void write(const char* name, const std::function<void(Server&, TaskRows&)>& work);

    Session session_;
    std::shared_ptr<Claim> claim_;
    bool listens_ = false;  ///< the claim is another control's, and so is its lock
};

}  // namespace cutover::memory
