// engine::ChangeApplier: net batches as set-based statements over staging tables (apply_sql.h), rows and
// marker in one transaction under the claim.
//
//   stage   COPY into the session's temporary tables (inserts wait in memory: they go straight into
//           their table, which is twice as fast)
//   apply   truncate all, then per table: complete moves, removals, updates, inserts, steps
//   commit  claim, marker, COMMIT
//
// In strict mode every statement must touch exactly the rows that were staged for it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "migrator/engine/postgres/staged_table.h"
#include "migrator/engine/postgres/statement_cache.h"
#include "migrator/engine/postgres/write_session.h"
#include "migrator/engine/sink.h"

namespace cutover::postgres {

class PostgresChangeApplier final : public engine::ChangeApplier {
public:
    /// `plan` must outlive it. Throws: connection, refused (`destination.triggers`: the account may not
    /// switch triggers off, and there are some on the plan's tables).
    PostgresChangeApplier(plan::Endpoint endpoint, const plan::Plan& plan, Claim claim);
    ~PostgresChangeApplier() override;

    void begin() override;
    void stage(const model::NetBatch& part) override;
    std::vector<engine::MissingBase> apply(const std::vector<engine::ApplyMode>& mode) override;
    void repair(const plan::TablePlan& table, const model::Tuple& key,
                const std::optional<model::Tuple>& row,
                const model::ChunkReceipt& receipt) override;
    void commit(const model::Marker& marker) override;
    void abort() noexcept override;

private:
    struct Table;
    class TableRun;

    void open();
    void forget_session();
    Table& table(model::TableIndex index);
    void send(Table& table, StageKind kind, const CopyRows& rows);
    void empty_stages();
    void truncate_tables();

    plan::Endpoint endpoint_;
    const plan::Plan& plan_;
    Claim claim_;
    Connection connection_;
    StatementCache statements_;
    std::map<model::TableIndex, std::unique_ptr<Table>> tables_;
    std::vector<Table*> staged_;      ///< of the part between stage() and apply()
    bool stages_filled_ = false;      ///< by an earlier part of this transaction
    std::size_t stage_count_ = 0;
};

}  // namespace cutover::postgres
