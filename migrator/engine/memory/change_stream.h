// The memory server's log as whole transactions. Where the server redelivers, the stream silently
// goes back now and then to what was acknowledged. After an error the stream is dead: open it
// again.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "migrator/engine/change_stream.h"
#include "migrator/engine/memory/source.h"

namespace cutover::memory {

class MemoryChangeStream final : public engine::ChangeStream {
public:
    /// `plan` must outlive it.
    MemoryChangeStream(flow::Runtime& runtime, const Net& net, const plan::TaskSpec& spec,
                       const plan::Plan& plan, const engine::CaptureOrigin& origin,
                       const model::Position& from, std::shared_ptr<TimelineEnds> ends);
    engine::StreamEvent next(std::chrono::milliseconds wait) override;
    void acknowledge(const model::Position& position) override;

private:
    using Columns = std::shared_ptr<const std::vector<model::ColumnSchema>>;
    struct Routed {
        const plan::TablePlan* plan = nullptr;
        bool full_identity = false;
        /// By the columns that rows were written in; nothing: nobody can read them.
        std::map<Columns, std::optional<SourceRows>> rows;
    };
    struct Found {
        std::optional<model::SourceTransaction> transaction;
        bool idle = false;  ///< nothing more in the log that may be told
    };

    Slot& slot(Server& server) const;
    Found step(Server& server);
    void resolve(Server& server);
    void perhaps_go_back(Server& server);
    std::vector<model::Change> translate(const LogRecord& record);
    void translate_row(const LogChange& change, Routed& routed,
                       std::vector<model::Change>& out) const;
    void translate_update(const LogChange& change, const Routed& routed, const SourceRows& rows,
                          model::Change& out) const;

    Session session_;
    const plan::Plan& plan_;
    std::string slot_name_;
    std::string identity_;
    std::shared_ptr<TimelineEnds> ends_;
    LogPlace at_;
    LogPlace told_;  ///< the furthest commit that was handed out
    std::map<const Table*, Routed> routes_;
    TransactionNumber highest_ = 0;  ///< only for a deliberate bug
    bool whole_moves_ = false;       ///< an update that changes the key carries every value
    bool resolved_ = false;
    bool dead_ = false;
};

}  // namespace cutover::memory
