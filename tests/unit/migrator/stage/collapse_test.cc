// Goal: a net batch does what the changes it stands for would have done, whatever they were.
// Method: random changes are played against a plain map and, collapsed, against a copy of the map
// as it was before, by the order that model/net_batch.h prescribes; both must end alike.
#include "migrator/stage/collapse.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

#include "migrator/model/error.h"
#include "tests/support/peak_memory.h"

namespace cutover::stage {
namespace {

std::vector<UnknownRow> unknown;

using model::CellKind;
using model::Tuple;

/// Columns: 0 key, 1 unique, 2 plain, 3 may be left out.
plan::Plan plan_with(bool key, bool unique) {
    plan::Plan plan;
    plan::TablePlan table;
    table.columns.resize(4);
    if (key) {
        table.key.columns = {{0, nullptr}};
    }
    if (unique) {
        table.unique_keys.push_back({{{1, nullptr}}, true});
    }
    plan.tables.push_back(table);
    return plan;
}

Tuple row(const std::string& key, const std::string& unique, const std::string& plain,
          const std::optional<std::string>& big) {
    Tuple out;
    out.append(CellKind::text, key);
    out.append(CellKind::text, unique);
    out.append(CellKind::text, plain);
    out.append(big ? CellKind::text : CellKind::absent, big.value_or(""));
    return out;
}

Tuple key_only(const std::string& key) {
    Tuple out;
    out.append(CellKind::text, key);
    out.append(CellKind::absent);
    out.append(CellKind::absent);
    out.append(CellKind::absent);
    return out;
}

std::string text(const Tuple& tuple, std::size_t column) {
    return std::string(tuple.bytes(column));
}

using Table = std::map<std::string, Tuple>;

/// Executes a keyed batch as a strict sink must. Unique values are checked as a database would.
void execute(const model::TableBatch& batch, Table& table) {
    if (batch.truncate) {
        table.clear();
    }
    std::vector<Tuple> moved;
    for (const model::RowUpdate& move : batch.moves) {
        const auto base = table.find(text(move.key, 0));
        ASSERT_NE(base, table.end()) << "a move has no base";
        Tuple whole = move.row;
        whole.fill_absent_from(base->second);
        moved.push_back(whole);
    }
    for (const Tuple& removal : batch.removals) {
        ASSERT_EQ(table.erase(text(removal, 0)), 1u) << "a removal meets no row";
    }
    for (const model::RowUpdate& move : batch.moves) {
        ASSERT_EQ(table.erase(text(move.key, 0)), 1u) << "two steps take one row away";
    }
    for (const model::RowUpdate& update : batch.updates) {
        const auto base = table.find(text(update.key, 0));
        ASSERT_NE(base, table.end()) << "an update has no base";
        Tuple whole = update.row;
        whole.fill_absent_from(base->second);
        base->second = whole;
    }
    std::vector<Tuple> arrivals = moved;
    arrivals.insert(arrivals.end(), batch.inserts.begin(), batch.inserts.end());
    for (const Tuple& arrival : arrivals) {
        for (const auto& [key, present] : table) {
            ASSERT_NE(text(present, 1), text(arrival, 1)) << "a unique value is there twice";
        }
        ASSERT_TRUE(arrival.complete());
        ASSERT_TRUE(table.emplace(text(arrival, 0), arrival).second) << "a key is there twice";
    }
}

/// A source transaction log in small: picks a change that is possible in `table`, plays it, and
/// feeds it.
class Writer {
public:
    Writer(std::uint64_t seed, Table& table, Collapser& collapser)
        : random_(seed), table_(table), collapser_(collapser) {}

    void step() {
        switch (random_() % 16) {
            case 0:
            case 1:
            case 2:
            case 3:
                insert();
                break;
            case 4:
            case 5:
            case 6:
                remove();
                break;
            case 7:
                if (random_() % 8 == 0) {
                    truncate();
                }
                break;
            case 8:
                swap_unique();
                break;
            default:
                update();
                break;
        }
    }

private:
    std::string fresh_unique() { return "u" + std::to_string(++unique_); }
    std::string some_key() { return "k" + std::to_string(random_() % 8); }

    void insert() {
        const std::string key = some_key();
        if (!table_.contains(key)) {
            const Tuple added =
                row(key, fresh_unique(), "p" + std::to_string(random_() % 5), "big");
            table_[key] = added;
            collapser_.insert(0, added);
        }
    }
    void remove() {
        const std::string key = some_key();
        if (table_.erase(key) == 1) {
            collapser_.remove(0, key_only(key));
        }
    }
    void truncate() {
        table_.clear();
        collapser_.truncate(0);
    }
    void put(const std::string& key, const Tuple& after) {
        Tuple whole = after;
        whole.fill_absent_from(table_.at(key));
        const bool moves = text(after, 0) != key;
        table_.erase(key);
        table_[text(after, 0)] = whole;
        collapser_.update(0, moves ? key_only(key) : Tuple(), after);
    }
    void update() {
        const std::string key = some_key();
        const auto found = table_.find(key);
        if (found == table_.end()) {
            return;
        }
        const std::string new_key = random_() % 4 == 0 ? some_key() : key;
        if (new_key != key && table_.contains(new_key)) {
            return;
        }
        const bool same_unique = random_() % 2 == 0;
        put(key, row(new_key, same_unique ? text(found->second, 1) : fresh_unique(),
                     "p" + std::to_string(random_() % 5),
                     random_() % 2 == 0 ? std::nullopt
                                        : std::optional("v" + std::to_string(random_() % 9))));
    }
    /// Two rows change their unique values by way of a third.
    void swap_unique() {
        const std::string a = some_key(), b = some_key();
        if (a == b || !table_.contains(a) || !table_.contains(b)) {
            return;
        }
        const std::string value_a = text(table_[a], 1), value_b = text(table_[b], 1);
        put(a, row(a, fresh_unique(), "s", std::nullopt));
        put(b, row(b, value_a, "s", std::nullopt));
        put(a, row(a, value_b, "s", std::nullopt));
    }

    std::mt19937_64 random_;
    Table& table_;
    Collapser& collapser_;
    std::uint64_t unique_ = 0;
};

TEST(Collapser, GivesTheStateThatTheChangesGive) {
    const plan::Plan plan = plan_with(true, true);
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        Collapser collapser(plan);
        Table source;
        Table destination;
        Writer writer(seed, source, collapser);
        for (int batch = 0; batch < 4; ++batch) {
            for (int step = 0; step < 25; ++step) {
                writer.step();
            }
            Footprint footprint;
            for (const model::TableBatch& table : collapser.take(footprint, unknown).tables) {
                execute(table, destination);
            }
            ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
            ASSERT_EQ(destination, source) << "seed " << seed << " batch " << batch;
        }
    }
}

TEST(Collapser, UpdatesInPlaceWhatKeepsItsKeys) {
    const plan::Plan plan = plan_with(true, false);
    Collapser collapser(plan);
    collapser.update(0, {}, row("k", "u", "1", std::nullopt));
    collapser.update(0, {}, row("k", "u", "2", "big"));
    Footprint footprint;
    const model::NetBatch batch = collapser.take(footprint, unknown);
    ASSERT_EQ(batch.tables.size(), 1u);
    ASSERT_EQ(batch.tables[0].updates.size(), 1u);
    EXPECT_EQ(text(batch.tables[0].updates[0].row, 2), "2");
    EXPECT_EQ(text(batch.tables[0].updates[0].row, 3), "big");
    EXPECT_TRUE(batch.tables[0].moves.empty());
}

TEST(Collapser, MovesWhatMayChangeAUniqueValueUnseen) {
    const plan::Plan plan = plan_with(true, true);
    Collapser collapser(plan);
    collapser.update(0, {}, row("k", "u", "1", "big"));
    Footprint footprint;
    EXPECT_EQ(collapser.take(footprint, unknown).tables[0].moves.size(), 1u);
    const Tuple before = row("k", "u", "0", "big");
    collapser.update(0, before, row("k", "u", "1", "big"));
    EXPECT_EQ(collapser.take(footprint, unknown).tables[0].updates.size(), 1u);
}

TEST(Collapser, SaysWhenTheLogContradictsItself) {
    const plan::Plan plan = plan_with(true, false);
    Collapser collapser(plan);
    collapser.insert(0, row("k", "u", "1", "b"));
    EXPECT_THROW(collapser.insert(0, row("k", "u", "1", "b")), model::Error);
    collapser.remove(0, key_only("k"));
    EXPECT_THROW(collapser.remove(0, key_only("k")), model::Error);
    EXPECT_THROW(collapser.update(0, {}, row("k", "u", "1", "b")), model::Error);
}

TEST(Collapser, RemovesARowOfATolerantTableEvenIfTheLogHadJustMadeIt) {
    const plan::Plan plan = plan_with(true, false);
    Collapser collapser(plan);
    collapser.set_tolerant(0, true);
    collapser.insert(0, row("k", "u", "1", "b"));
    collapser.remove(0, key_only("k"));
    Footprint footprint;
    const model::NetBatch batch = collapser.take(footprint, unknown);
    ASSERT_EQ(batch.tables.size(), 1u);
    ASSERT_EQ(batch.tables[0].removals.size(), 1u);
    EXPECT_TRUE(batch.tables[0].inserts.empty());
}

/// What lies at the old key may have been read again, and be a later row than the log speaks of.
TEST(Collapser, BasesNoRowThatMovesOnWhatLiesAtItsOldKey) {
    const plan::Plan plan = plan_with(true, false);
    for (const bool tolerant : {false, true}) {
        Collapser collapser(plan);
        collapser.set_tolerant(0, tolerant);
        collapser.update(0, key_only("1"), row("2", "u", "p", std::nullopt));
        Footprint footprint;
        unknown.clear();
        const model::NetBatch net = collapser.take(footprint, unknown);
        ASSERT_EQ(net.tables.size(), 1u);
        EXPECT_EQ(net.tables[0].moves.size(), tolerant ? 0u : 1u);
        EXPECT_EQ(net.tables[0].removals.size(), tolerant ? 1u : 0u);
        ASSERT_EQ(unknown.size(), tolerant ? 1u : 0u);
        if (tolerant) {
            EXPECT_EQ(text(net.tables[0].removals[0], 0), "1");
            EXPECT_EQ(text(unknown[0].key, 0), "2");
        }
    }
}

/// Cells that the log itself has said in this batch are as good as the log's.
TEST(Collapser, CompletesARowThatMovesFromItsOwnBatch) {
    const plan::Plan plan = plan_with(true, false);
    Collapser collapser(plan);
    collapser.set_tolerant(0, true);
    collapser.insert(0, row("1", "u", "p", "big"));
    collapser.update(0, key_only("1"), row("2", "u", "q", std::nullopt));
    Footprint footprint;
    unknown.clear();
    const model::NetBatch net = collapser.take(footprint, unknown);
    EXPECT_TRUE(unknown.empty());
    ASSERT_EQ(net.tables[0].inserts.size(), 1u);
    EXPECT_EQ(text(net.tables[0].inserts[0], 3), "big");
}

/// A row that arrives at a key whose row left in the same batch has no base there.
TEST(Collapser, BasesNoRowThatArrivesOnTheOneBeforeIt) {
    const plan::Plan plan = plan_with(true, false);
    Collapser collapser(plan);
    collapser.set_tolerant(0, true);
    collapser.remove(0, key_only("2"));
    collapser.arrive(0, row("2", "u", "p", std::nullopt));
    Footprint footprint;
    unknown.clear();
    const model::NetBatch net = collapser.take(footprint, unknown);
    EXPECT_TRUE(net.tables[0].moves.empty());
    EXPECT_TRUE(net.tables[0].updates.empty());
    ASSERT_EQ(unknown.size(), 1u);
    EXPECT_EQ(text(unknown[0].key, 0), "2");
}

TEST(Collapser, CountsEqualRowsOfAKeylessTable) {
    const plan::Plan plan = plan_with(false, false);
    Collapser collapser(plan);
    const Tuple a = row("a", "", "", "x"), b = row("b", "", "", "x");
    collapser.insert(0, a);
    collapser.insert(0, a);
    collapser.remove(0, b);
    collapser.remove(0, b);
    collapser.update(0, a, b);
    Footprint footprint;
    const model::TableBatch batch = collapser.take(footprint, unknown).tables.at(0);
    ASSERT_EQ(batch.inserts.size(), 1u);
    EXPECT_EQ(batch.inserts[0], a);
    ASSERT_EQ(batch.removals.size(), 1u);
    EXPECT_EQ(batch.removals[0], b);
}

TEST(Collapser, HoldsALargeKeylessRowOnce) {
    if (!tests::PeakMemory::means_something()) {
        GTEST_SKIP() << "a sanitizer's own memory is counted too";
    }
    constexpr std::uint64_t kRow = 32 << 20;
    const plan::Plan plan = plan_with(false, false);
    Collapser collapser(plan);
    Tuple before = row("a", "", "", std::string(kRow, 'x'));
    Tuple after = row("a", "", "", std::string(kRow, 'y'));
    const tests::PeakMemory holding;
    collapser.update(0, std::move(before), std::move(after));
    Footprint footprint;
    const model::NetBatch net = collapser.take(footprint, unknown);
    const model::TableBatch& batch = net.tables.at(0);
    EXPECT_LT(holding.growth(), kRow / 2);
    EXPECT_EQ(batch.removals.at(0).bytes(3)[0], 'x');
    EXPECT_EQ(batch.inserts.at(0).bytes(3)[0], 'y');
}

TEST(Collapser, RefusesAKeylessUpdateWithoutTheOldRow) {
    const plan::Plan plan = plan_with(false, false);
    Collapser collapser(plan);
    EXPECT_THROW(collapser.update(0, {}, row("a", "", "", "x")), model::Error);
}

TEST(Footprint, TakesNullsForOneValueWhereTheKeyDoes) {
    plan::Plan plan = plan_with(true, true);
    const auto footprint_of = [&](const std::string& key) {
        Collapser collapser(plan);
        Tuple one;
        one.append(CellKind::text, key);
        one.append(CellKind::null);
        one.append(CellKind::text, "");
        one.append(CellKind::text, "x");
        collapser.insert(0, one);
        Footprint footprint;
        collapser.take(footprint, unknown);
        return footprint;
    };
    EXPECT_FALSE(footprint_of("k").meets(footprint_of("l")));
    plan.tables[0].unique_keys[0].nulls_equal = true;
    EXPECT_TRUE(footprint_of("k").meets(footprint_of("l")));
}

/// Rows are in the destination's form here, which the source's rule cannot read.
TEST(Collapser, TellsRowsApartAsTheDestinationDoes) {
    plan::Plan plan = plan_with(true, false);
    plan::TablePlan& table = plan.tables[0];
    table.key.columns[0].fold = [](std::string_view cell, std::string& out) {
        out.append(cell.substr(0, 1));
    };
    table.source_form = table.key;
    table.source_form->columns[0].fold = [](std::string_view cell, std::string& out) {
        ADD_FAILURE() << "the source's rule is asked";
        out.append(cell);
    };
    Collapser collapser(plan);
    collapser.insert(0, row("k1", "u", "0", "big"));
    collapser.update(0, {}, row("k2", "u", "1", "big"));
    Footprint footprint;
    const model::NetBatch batch = collapser.take(footprint, unknown);
    ASSERT_EQ(batch.tables.at(0).row_count(), 1u);
    EXPECT_EQ(text(batch.tables[0].inserts.at(0), 2), "1");
}

TEST(Footprint, AsksNoFoldAboutANull) {
    plan::Plan plan = plan_with(true, true);
    plan.tables[0].unique_keys[0].columns[0].fold = [](std::string_view cell, std::string& out) {
        ASSERT_FALSE(cell.empty()) << "a fold reads bytes that are not there";
        out.append(cell);
    };
    Collapser collapser(plan);
    Tuple before = row("k", "u", "0", "big"), after = row("k", "u", "1", "big");
    Tuple none;
    none.append(CellKind::text, "k");
    none.append(CellKind::null);
    none.append(CellKind::text, "1");
    none.append(CellKind::text, "big");
    collapser.update(0, before, none);
    collapser.update(0, none, none);
    collapser.update(0, none, after);
    Footprint footprint;
    EXPECT_EQ(collapser.take(footprint, unknown).tables.at(0).moves.size(), 1u);
}

TEST(Footprint, MeetsWhatSharesAKeyAndNothingElse) {
    const plan::Plan plan = plan_with(true, true);
    const auto footprint_of = [&](const std::string& key, const std::string& unique) {
        Collapser collapser(plan);
        collapser.insert(0, row(key, unique, "", "x"));
        Footprint footprint;
        collapser.take(footprint, unknown);
        return footprint;
    };
    EXPECT_TRUE(footprint_of("k", "u").meets(footprint_of("k", "v")));
    EXPECT_TRUE(footprint_of("k", "u").meets(footprint_of("l", "u")));
    EXPECT_FALSE(footprint_of("k", "u").meets(footprint_of("l", "v")));
    Footprint whole;
    whole.add_whole_table(0);
    EXPECT_TRUE(whole.meets(footprint_of("k", "u")));
    EXPECT_FALSE(whole.meets(Footprint()));
}

}  // namespace
}  // namespace cutover::stage
