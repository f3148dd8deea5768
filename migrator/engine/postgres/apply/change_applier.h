// engine::ChangeApplier: net batches as set-based statements over staging tables (apply_sql.h),
// rows and marker in one transaction under the claim.
//
//   stage   COPY into the session's temporary tables what is too much for a statement's parameters
//           (inserts wait: they go straight into their table, which is twice as fast)
//   apply   truncate all, then per table: complete moves, removals, updates, inserts, steps
//   commit  claim, marker, COMMIT
//
// Statements go out as scripts (script.h), so a batch costs a handful of round trips. table_apply.h
// describes how the changes of one table take effect.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "migrator/engine/postgres/apply/script.h"
#include "migrator/engine/postgres/apply/statement_cache.h"
#include "migrator/engine/postgres/apply/table_apply.h"
#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/session/session_pool.h"
#include "migrator/engine/sink.h"

namespace cutover::postgres {

class PostgresChangeApplier final : public engine::ChangeApplier {
public:
    /// `sessions` and `plan` must outlive it. Throws: connection, refused (`destination.triggers`:
    /// the account may not switch triggers off, and the plan's tables have some).
    PostgresChangeApplier(SessionPool& sessions, const plan::Plan& plan, Claim claim,
                          const InlineLimits& limits = {});
    ~PostgresChangeApplier() override;

    void begin() override;
    void stage(const model::NetBatch& part) override;
    std::vector<engine::MissingBase> apply(const std::vector<engine::ApplyMode>& mode) override;
    void note_view(const model::ChunkReceipt& receipt) override;
    void commit(const model::Marker& marker) override;
    void abort() noexcept override;
    std::string holder() const override;

private:
    void open();
    void forget_session();
    /// Reads what is not known, or no longer true, of all tables of a part at once.
    void meet(const model::NetBatch& part);
    AppliedTable& table(model::TableIndex index);
    /// Adds what makes a staging table, if it does not exist.
    void make_stage(Script& script, AppliedTable& table, StageKind kind);
    void fill_stage(Script& script, AppliedTable& table, StageKind kind);
    void stage_for_tolerance(AppliedTable& table);
    void empty_stages(Script& script);
    void drop_stages();
    /// A script for the transaction; the first one begins with BEGIN.
    Script opening();
    void open_part();
    void truncate_tables();
    void keep_others_out(const TargetTable& target);
    void apply_tolerant(AppliedTable& table, bool foreign_rows,
                        std::vector<engine::MissingBase>& missing);

    SessionPool& sessions_;
    const plan::Plan& plan_;
    Claim claim_;
    InlineLimits limits_;
    Connection connection_;
    StatementCache statements_;
    std::map<model::TableIndex, std::unique_ptr<AppliedTable>> tables_;
    std::vector<AppliedTable*> staged_;  ///< tables of the part between stage() and apply()
    bool begin_due_ = false;             ///< BEGIN goes out with the first script
    bool part_open_ = false;             ///< the savepoint of an earlier part still exists
    std::size_t stage_count_ = 0;
};

}  // namespace cutover::postgres
