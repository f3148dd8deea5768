#include "verify/report/repair.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "migrator/model/error.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/verify/fake_end.h"
#include "verify/canonical/canonical.h"
#include "verify/postgres/repair.h"

namespace cutover::verify {
namespace {

using namespace testing_support;

TablePair simple_pair(bool keyed) {
    TableShape destination = simple_table(keyed).shape;
    destination.columns[1].name = "va\"lue";
    plan::NameMapping mapping;
    mapping.columns[{"app", "t"}] = {{"v", "va\"lue"}};
    return pair_tables(simple_table(keyed).shape, destination, mapping);
}

RepairStatements statements(bool keyed, RowVerdict verdict, const WireRow& source,
                            const WireRow& destination, std::vector<std::size_t> cells = {},
                            std::uint64_t source_count = 1, std::uint64_t destination_count = 1) {
    const std::string here = source.empty() ? "" : row_bytes(source);
    const std::string there = destination.empty() ? "" : row_bytes(destination);
    return repair_statements(postgres_repair(), simple_pair(keyed),
                             {verdict, here, there, cells, source_count, destination_count});
}

TEST(Repair, InsertsAMissingRowIfItIsStillMissing) {
    const RepairStatements out =
        statements(true, RowVerdict::missing, simple_row(7, "it's"), {}, {}, 1, 0);
    EXPECT_EQ(
        out.repair,
        R"(INSERT INTO "app"."t" ("id", "va""lue") OVERRIDING SYSTEM VALUE SELECT '7'::integer, 'it''s'::text)"
        R"( WHERE NOT EXISTS (SELECT 1 FROM "app"."t" WHERE "id" = '7'::integer);)");
    EXPECT_EQ(out.undo, R"(DELETE FROM "app"."t" WHERE "id" = '7'::integer AND "va""lue"::text)"
                        R"( IS NOT DISTINCT FROM ('it''s'::text)::text;)");
}

TEST(Repair, WritesNothingThatAnEncodingCouldChange) {
    TableShape destination = simple_table(true).shape;
    destination.columns[1].name = "Gr\xc3\xb6\xc3\x9f\x65\"\\";
    destination.columns[1].type = "app.\"M\xc3\xa4\"\"rz\"(3)[]";
    plan::NameMapping mapping;
    mapping.columns[{"app", "t"}] = {{"v", destination.columns[1].name}};
    const TablePair pair = pair_tables(simple_table(true).shape, destination, mapping);
    const std::string row = row_bytes(simple_row(7, "\xe5\xbc\xa0'\n\x1b"));
    const RepairStatements out =
        repair_statements(postgres_repair(), pair, {RowVerdict::missing, row, {}, {}, 1, 0});
    for (const std::string& text : {out.repair, out.undo}) {
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char letter) {
            return letter >= 0x20 && letter < 0x7F;
        })) << text;
        EXPECT_NE(text.find(R"(convert_from(decode('e5bca0270a1b', 'hex'), 'UTF8')::app.)"
                            R"(U&"M\+0000e4""rz"(3)[])"),
                  std::string::npos)
            << text;
        EXPECT_NE(text.find(R"(U&"Gr\+0000f6\+0000dfe""\\")"), std::string::npos) << text;
    }
}

TEST(Repair, UpdatesOnlyTheRowThatWasSeen) {
    const RepairStatements out = statements(true, RowVerdict::different, simple_row(7, "new"),
                                            {wire::int32(7), std::nullopt}, {1});
    EXPECT_EQ(out.repair,
              R"(UPDATE "app"."t" SET "va""lue" = 'new'::text WHERE "id" = '7'::integer AND)"
              R"( "va""lue" IS NULL;)");
    EXPECT_EQ(
        out.undo,
        R"(UPDATE "app"."t" SET "va""lue" = NULL WHERE "id" = '7'::integer AND "va""lue"::text)"
        R"( IS NOT DISTINCT FROM ('new'::text)::text;)");
}

TEST(Repair, DeletesAnExtraRowAndCanPutItBack) {
    const RepairStatements out =
        statements(true, RowVerdict::extra, {}, simple_row(7, "x"), {}, 0, 1);
    EXPECT_TRUE(out.repair.starts_with("DELETE FROM")) << out.repair;
    EXPECT_TRUE(out.undo.starts_with("INSERT INTO")) << out.undo;
}

TEST(Repair, LevelsRepeatedRowsOfAKeylessTableByCount) {
    const RepairStatements fewer =
        statements(false, RowVerdict::duplicate, simple_row(7, "x"), simple_row(7, "x"), {}, 1, 3);
    EXPECT_NE(fewer.repair.find("LIMIT 2"), std::string::npos) << fewer.repair;
    EXPECT_NE(fewer.repair.find(") = 3;"), std::string::npos) << fewer.repair;
    const RepairStatements more =
        statements(false, RowVerdict::duplicate, simple_row(7, "x"), simple_row(7, "x"), {}, 3, 1);
    EXPECT_NE(more.repair.find("generate_series(1, 2)"), std::string::npos) << more.repair;
    EXPECT_NE(more.repair.find(") = 1;"), std::string::npos) << more.repair;
}

TEST(Repair, LeavesRepeatedKeysToAPerson) {
    EXPECT_EQ(
        statements(true, RowVerdict::duplicate, simple_row(7, "x"), simple_row(7, "x"), {}, 1, 2)
            .repair,
        "");
}

TEST(RepairWriter, WritesPrivateFilesAndStopsAtItsLimit) {
    const tests::TemporaryFolder folder;
    const std::string path = (folder / "repair.sql").string();
    RepairWriter writer(postgres_repair(), path, 2);
    const TablePair pair = simple_pair(true);
    const std::vector<std::size_t> none;
    for (int id = 0; id < 5; ++id) {
        const std::string row = row_bytes(simple_row(id, "x"));
        writer.found(pair, {RowVerdict::missing, row, {}, none, 1, 0});
    }
    writer.close();
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    EXPECT_EQ(writer.statements(), 2u);
    EXPECT_NE(text.str().find("'1'::integer"), std::string::npos);
    EXPECT_EQ(text.str().find("'2'::integer"), std::string::npos);
    EXPECT_NE(text.str().find("there is more to repair"), std::string::npos);
    for (const std::string& file : {path, path + ".undo"}) {
        EXPECT_EQ(std::filesystem::status(file).permissions(),
                  std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        std::ifstream in(file);
        const std::string head(std::istreambuf_iterator<char>(in), {});
        EXPECT_NE(head.find("\n\\set ON_ERROR_STOP on\nSET client_encoding = 'UTF8';\n"
                            "SET standard_conforming_strings = on;\n"),
                  std::string::npos)
            << head;
    }
}

/// Of an engine that has no SQL.
class DocumentDialect final : public RepairDialect {
public:
    std::string head() const override { return "// shell\n"; }
    std::string remark(const std::string& text) const override { return "// " + text; }
    std::string insert(const RepairRow& row) const override { return said("insert", row); }
    std::string erase(const RepairRow& row) const override { return said("remove", row); }
    std::string update(const RepairRow& seen, const RepairRow& wanted,
                       const std::vector<std::size_t>& fields) const override {
        return said("from", seen) + said(" to", wanted) + " at " + std::to_string(fields.at(0));
    }
    std::string insert_copies(const RepairRow& row, const RepairCopies& count) const override {
        return said("insert " + std::to_string(count.copies), row);
    }
    std::string erase_copies(const RepairRow& row, const RepairCopies& count) const override {
        return said("remove " + std::to_string(count.copies), row);
    }

private:
    static std::string said(const std::string& verb, const RepairRow& row) {
        std::string out = verb + " " + row.table.name.display();
        for (const RepairField& field : row.fields) {
            out += " " + field.column->name + (field.key ? "*" : "") + "=" + printable(field.cell);
        }
        return out;
    }
};

TEST(RepairWriter, LeavesTheWordsToTheDialectOfTheDestination) {
    const tests::TemporaryFolder folder;
    const std::string path = (folder / "repair.js").string();
    const DocumentDialect dialect;
    RepairWriter writer(dialect, path, 9);
    const TablePair pair = simple_pair(true);
    const std::vector<std::size_t> none;
    const std::vector<std::size_t> second{1};
    const std::string wanted = row_bytes(simple_row(7, "new"));
    const std::string seen = row_bytes(simple_row(7, "old"));
    writer.found(pair, {RowVerdict::missing, wanted, {}, none, 1, 0});
    writer.found(pair, {RowVerdict::extra, {}, seen, none, 0, 1});
    writer.found(pair, {RowVerdict::different, wanted, seen, second, 1, 1});
    writer.leave_by_hand("an index");
    writer.close();
    const auto text = [](const std::string& file) {
        std::stringstream out;
        out << std::ifstream(file).rdbuf();
        return out.str();
    };
    EXPECT_EQ(text(path),
              "// shell\ninsert app.t id*=7 va\"lue=new\nremove app.t id*=7 va\"lue=old\n"
              "from app.t id*=7 va\"lue=old to app.t id*=7 va\"lue=new at 1\n"
              "// by hand: an index\n");
    EXPECT_EQ(text(path + ".undo"),
              "// shell\nremove app.t id*=7 va\"lue=new\ninsert app.t id*=7 va\"lue=old\n"
              "from app.t id*=7 va\"lue=new to app.t id*=7 va\"lue=old at 1\n");
}

TEST(RepairWriterDeathTest, WritesNothingBehindItsEnd) {
    const tests::TemporaryFolder folder;
    RepairWriter writer(postgres_repair(), (folder / "repair.sql").string(), 2);
    writer.close();
    EXPECT_DEATH(writer.leave_by_hand("an index"), "closed_");
    EXPECT_DEATH(writer.withdraw("lag"), "closed_");
    EXPECT_DEATH(writer.close(), "closed_");
}

TEST(RepairWriter, RefusesAPlaceThatCannotBeWritten) {
    EXPECT_THROW(RepairWriter(postgres_repair(), "/nonexistent/folder/repair.sql", 2),
                 model::Error);
}

}  // namespace
}  // namespace cutover::verify
