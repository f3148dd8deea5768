#include "verify/report/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/plan/output_file.h"

namespace cutover::verify {

namespace {

const ColumnShape* destination_column(const TablePair& pair, const std::string& name) {
    const auto found =
        std::find_if(pair.destination.columns.begin(), pair.destination.columns.end(),
                     [&](const ColumnShape& column) { return column.name == name; });
    return found == pair.destination.columns.end() ? nullptr : &*found;
}

/// Fields of cells that are only read for their order stay empty.
RepairRow row_of(const TablePair& pair, Side side, std::string_view row) {
    RepairRow out{pair.destination, {}};
    CellWalk walk(row);
    for (const PairCell& cell : pair.cells) {
        RepairField& field = out.fields.emplace_back();
        const Cell value = walk.next();
        if (cell.compared) {
            field.column = destination_column(pair, cell.destination_column);
            field.cell = canonical_cell(cell, side, value);
            field.key = std::find(pair.key_columns.begin(), pair.key_columns.end(),
                                  cell.source_column) != pair.key_columns.end();
        }
    }
    return out;
}

/// The row exists at one end only, or occurs more often at one end than at the other.
RepairStatements level(const RepairDialect& dialect, const TablePair& pair,
                       const RowFinding& finding) {
    const bool too_few = finding.source_count > finding.destination_count;
    const bool at_source = !finding.source_row.empty();
    const RepairRow row = row_of(pair, at_source ? Side::source : Side::destination,
                                 at_source ? finding.source_row : finding.destination_row);
    RepairStatements out;
    if (pair.keyless()) {
        const std::uint64_t copies = too_few ? finding.source_count - finding.destination_count
                                             : finding.destination_count - finding.source_count;
        const RepairCopies now{copies, finding.destination_count};
        const RepairCopies repaired{copies, finding.source_count};
        out = too_few ? RepairStatements{dialect.insert_copies(row, now),
                                         dialect.erase_copies(row, repaired)}
                      : RepairStatements{dialect.erase_copies(row, now),
                                         dialect.insert_copies(row, repaired)};
    } else {
        out = {dialect.insert(row), dialect.erase(row)};
        if (!too_few) {
            std::swap(out.repair, out.undo);
        }
    }
    return out;
}

}  // namespace

RepairStatements repair_statements(const RepairDialect& dialect, const TablePair& pair,
                                   const RowFinding& finding) {
    switch (finding.verdict) {
        case RowVerdict::missing:
        case RowVerdict::extra:
            return level(dialect, pair, finding);
        case RowVerdict::duplicate:
            return pair.keyless() ? level(dialect, pair, finding) : RepairStatements();
        case RowVerdict::different:
            break;
        default:
            return {};
    }
    CUTOVER_CHECK(!finding.source_row.empty() && !finding.destination_row.empty());
    const RepairRow wanted = row_of(pair, Side::source, finding.source_row);
    const RepairRow seen = row_of(pair, Side::destination, finding.destination_row);
    return {dialect.update(seen, wanted, finding.cells),
            dialect.update(wanted, seen, finding.cells)};
}

struct RepairWriter::Files {
    Files(const std::string& path, const std::string& head)
        : repair("--repair-file", path), undo("--repair-file with .undo", path + ".undo") {
        repair.write(head);
        undo.write(head);
    }

    plan::OutputFile repair;
    plan::OutputFile undo;
};

RepairWriter::RepairWriter(const RepairDialect& dialect, const std::string& path,
                           std::uint64_t limit)
    : dialect_(dialect), files_(std::make_unique<Files>(path, dialect.head())), limit_(limit) {}

RepairWriter::~RepairWriter() = default;

void RepairWriter::found(const TablePair& pair, const RowFinding& finding) {
    {
        const std::lock_guard lock(mutex_);
        CUTOVER_CHECK(!closed_);
        if (statements_ >= limit_) {
            return;
        }
    }
    RepairStatements statements = repair_statements(dialect_, pair, finding);
    if (statements.repair.empty()) {
        const bool at_source = !finding.source_row.empty();
        statements.repair = dialect_.remark(fmt::format(
            "by hand: {} {} of {}, {} times at the source, {} at the destination",
            to_string(finding.verdict),
            describe_key(pair, at_source ? Side::source : Side::destination,
                         at_source ? finding.source_row : finding.destination_row),
            pair.destination.name.display(), finding.source_count, finding.destination_count));
    }
    const std::lock_guard lock(mutex_);
    if (++statements_ == limit_) {
        statements.repair +=
            "\n" + dialect_.remark("The limit of statements is reached: there is more to repair.");
    }
    files_->repair.write(statements.repair + "\n");
    if (!statements.undo.empty()) {
        files_->undo.write(statements.undo + "\n");
    }
}

void RepairWriter::leave_by_hand(const std::string& what) {
    const std::lock_guard lock(mutex_);
    CUTOVER_CHECK(!closed_);
    files_->repair.write(dialect_.remark("by hand: " + what) + "\n");
}

std::uint64_t RepairWriter::statements() const {
    const std::lock_guard lock(mutex_);
    return statements_;
}

void RepairWriter::withdraw(const std::string& why) {
    const std::lock_guard lock(mutex_);
    CUTOVER_CHECK(!closed_);
    statements_ = 0;
    for (plan::OutputFile* const file : {&files_->repair, &files_->undo}) {
        file->begin_anew();
        file->write(dialect_.head());
        file->write(dialect_.remark("Nothing to repair: no row has a verdict (" + why + ").") +
                    "\n");
    }
}

void RepairWriter::close() {
    const std::lock_guard lock(mutex_);
    CUTOVER_CHECK(!closed_);
    closed_ = true;
    files_->undo.commit();  // undo goes first: whoever sees a repair can take it back
    files_->repair.commit();
}

}  // namespace cutover::verify
