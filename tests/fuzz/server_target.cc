// Everything that is asked of a server by statements: control rows, chunks and receipts, status and
// answers to commands, the catalog, the publication's comment, the judge's facts, COPY. The first
// byte of an input chooses who asks; the rest is what the statements are answered with, cut into
// answers, rows and cells.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>

#include "migrator/engine/ends.h"
#include "migrator/engine/postgres/capture/publication.h"
#include "migrator/engine/postgres/copy/chunk_reader.h"
#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/session/endpoint_rules.h"
#include "migrator/engine/postgres/sink.h"
#include "migrator/engine/postgres/source.h"
#include "migrator/engine/registry.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/task/operator_command.h"
#include "tests/fuzz/recorded_answers.h"
#include "tests/fuzz/scripted_server.h"
#include "tests/fuzz/target.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/migrator/engine/postgres/log/message_builder.h"
#include "verify/postgres/end.h"

namespace cutover::fuzz {

namespace {

using namespace std::string_literals;

/// Who asks, and of whom. Connections are kept from one input to the next.
class Asking {
public:
    static Asking& all() {
        static Asking one;
        return one;
    }

    void answer_with(std::vector<Answer> answers, bool honest) {
        server_.answer_with(std::move(answers), honest);
    }
    std::size_t askers() const { return askers_.size(); }
    void ask(std::size_t who) {
        Asker& asker = askers_[who % askers_.size()];
        asker.ask();
        ++asker.answered;
    }
    Reached reached() const {
        Reached out;
        for (const Asker& asker : askers_) {
            out[asker.name] = asker.answered;
        }
        return out;
    }

private:
    struct Asker {
        std::string name;
        std::function<void()> ask;
        std::uint64_t answered = 0;  ///< so often it has read all that it asks for
    };

    Asking() {
        spec_.name = "shop";
        spec_.source = server_.endpoint();
        spec_.destination = server_.endpoint();
        sessions_ = std::make_unique<postgres::SessionPool>(server_.endpoint());
        registry_.add_engine("postgres", {postgres::make_source, postgres::make_sink,
                                          postgres::make_inspector, postgres::endpoint_rules()});
        ::setenv("CUTOVER_FUZZ_PASSWORD", "not asked for", 1);
        std::ofstream(task_file_) << "task: shop\n"
                                  << "source: " << end_text("old")
                                  << "\ndestination: " << end_text("shop") << "\n";
        add_askers();
    }

    std::string end_text(const std::string& database) const {
        const plan::HostPort at = server_.endpoint().hosts.front();
        return "{engine: postgres, host: " + at.host + ", port: " + std::to_string(at.port) +
               ", database: " + database +
               ", user: mover, password: {env: CUTOVER_FUZZ_PASSWORD},"
               " tls: {mode: disable}}";
    }

    postgres::Connection session() { return sessions_->take("fuzz"); }

    void add_askers() {
        askers_ = {
            {"a task's record",
             [this] { control([](engine::Control& control) { control.load("shop"); }); }},
            {"a status",
             [this] { control([](engine::Control& control) { control.status("shop"); }); }},
            {"an answer to a command",
             [this] { control([](engine::Control& control) { control.command_answer(1); }); }},
            {"a claim, and what the task has stored",
             [this] {
                 control([](engine::Control& control) {
                     control.claim("shop", "print");
                     control.chunks();
                     control.receipts();
                     control.done_schema_steps();
                     control.pending_commands();
                 });
             }},
            {"the catalog", [this] { catalog(); }},
            {"what a server is asked before", [this] { requirements(); }},
            {"a publication", [this] { publication(); }},
            {"`status --json`",
             [this] {
                 task::Operator({task_file_, true, {}, false}, registry_, said_).status();
             }},
            {"`status`",
             [this] {
                 task::Operator({task_file_, false, {}, false}, registry_, said_).status();
             }},
            {"the judge's catalog and evidence", [this] { judge_catalog(); }},
            {"the judge's rows", [this] { judge_rows(); }},
            {"a chunk's rows",
             [this] { engine::at_side(model::Side::source, [this] { chunk(); }); }},
        };
    }

    /// Through the seam, as everybody asks.
    void control(const std::function<void(engine::Control&)>& ask) {
        const auto sink = registry_.engine("postgres").sink(runtime_, spec_, nullptr);
        ask(*sink->open_control());
    }
    void catalog() { registry_.engine("postgres").inspector(server_.endpoint())->catalog({}); }
    void requirements() {
        const auto asked = registry_.engine("postgres").inspector(server_.endpoint());
        engine::Inspector& inspector = *asked;
        inspector.server();
        model::Catalog catalog;
        catalog.tables.emplace_back().name = {"public", "item"};
        for (int topic = 0; topic <= static_cast<int>(engine::Topic::object_kinds); ++topic) {
            for (const bool as_source : {true, false}) {
                inspector.requirements(static_cast<engine::Topic>(topic), spec_, catalog,
                                       as_source);
            }
        }
        inspector.non_empty({{"public", "item"}});
    }
    void publication() {
        engine::at_side(model::Side::source, [this] {
            postgres::Connection connection = session();
            postgres::publication_mark(connection, "cutover_shop");
            postgres::require_own_publication(connection, "cutover_shop", place());
            postgres::drop_publication(connection, "cutover_shop");
            sessions_->give_back(std::move(connection));
        });
    }
    /// As the recorded comment has it.
    static plan::Endpoint place() {
        plan::Endpoint out;
        out.hosts = {{"new.example", 5432}};
        out.database = "shop";
        return out;
    }
    std::unique_ptr<verify::End> judge() {
        return verify::open_postgres_end(server_.endpoint(), std::chrono::seconds(1));
    }
    void judge_catalog() {
        const auto end = judge();
        end->standing();
        end->begin_snapshot();
        end->tables({});
        end->left_out();
        end->beside_tables();
        end->sequences();
        end->facts({{{"public", "item"}}, {{"public", "s"}}}, nullptr);
        end->applied("shop");
        end->witness()->moment();
    }
    void judge_rows() {
        const auto end = judge();
        verify::TableShape table;
        table.name = {"public", "item"};
        table.identity = kHonestIdentity;
        table.columns.resize(2);
        table.columns[0].name = "id";
        table.columns[1].name = "v";
        verify::ReadSpec spec;
        spec.items = {{0}, {1}};
        const auto rows = end->read(table, spec);
        verify::RowBlock block;
        while (rows->fill(block, 1 << 16)) {
            for (std::size_t row = 0; row < block.rows(); ++row) {
                verify::CellWalk walk(block.row(row));
                while (!walk.done()) {
                    walk.next();
                }
            }
            block.clear();
        }
    }
    void chunk() {
        class NoSnapshot final : public postgres::SharedSnapshot {
            std::string snapshot() const override { return ""; }
        };
        const NoSnapshot none;
        postgres::PostgresChunkReader reader(spec_, *sessions_, none);
        model::Chunk chunk;
        chunk.range = postgres::to_range({0, 0, 10, true});
        plan::TablePlan table = postgres::planned_table(0, "item", {"id", "v"});
        table.schema.identity = kHonestIdentity;
        reader.open(table, chunk, {postgres::plain_stamp("1:1:"), {"1:1:", "1:1:"}});
        model::RowBatch batch;
        while (reader.next(batch, {model::Bytes{1 << 16}})) {
            batch.bytes.clear();
        }
    }

    ScriptedServer server_;
    plan::TaskSpec spec_;
    flow::ThreadRuntime runtime_;
    engine::Registry registry_;
    std::unique_ptr<postgres::SessionPool> sessions_;
    tests::TemporaryFolder folder_;
    std::string task_file_ = (folder_ / "shop.yaml").string();
    std::ostringstream said_;
    std::vector<Asker> askers_;
};

constexpr std::size_t kLongestInput = 1 << 15;
/// In the first byte: not even whose our objects are is answered as it should be.
constexpr unsigned char kDishonest = 0x80;

constexpr const char* kTaskRow =
    R"(print|incremental|3|2|an error|\x6964|\x01|0/1|\x70|0/2|1700000000000000|5|7|\x73|s)"
    R"(|\x74|t|triggers|{"position":"0/2","sessions":[{"id":"7","wrote":[]}],"late":{}})";

std::vector<std::string> answer_seeds() {
    const std::string copy = "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"s;
    const std::string row = "\0\2\0\0\0\4\0\0\0\7\xff\xff\xff\xff"s;
    const char* const answers[] = {
        // `|` stands for the end of a cell
        R"(1|t|public|item|{a,"b \"c"}|0/3000000)",
        "t",
        "f",
        "1",
        "0",
        "",
        "NULL|1",
        R"([{"destination":"new.example:5432/shop"}]|t|mover)",
        R"({"paused":true,"progress":{"rows":5,"lag_ms":null}})",
        R"({"ok":true,"answer":"done","position":"0/1"})",
        R"(incremental|3|\x616263|2026-11-30 12:00:00+00)",
        "170005|16|r|p|int4|23|{1,2}|CHECK ((a > 0))",
        "100:200:120,130|7394875934875|1",
        // a task's row, and a chunk's with its receipt
        kTaskRow,
        R"(0|1|0|\x303a303a31303a30|blocks|10|100|\x73|s|\x74|t|10|100|hash|f)",
    };
    std::vector<std::string> out;
    const std::vector<std::string> recorded = recorded_answers();
    for (std::size_t who = 0; who < Asking::all().askers(); ++who) {
        out.push_back(static_cast<char>(who) + recorded.at(who));
        out.push_back(static_cast<char>(who | kDishonest) + recorded.at(who));
        for (const char* const answer : answers) {
            std::string cells = answer;
            std::replace(cells.begin(), cells.end(), '|', kCellEnds);
            out.push_back(static_cast<char>(who) + cells);
        }
        out.push_back(static_cast<char>(who) + copy + row + kCellEnds + row + kCellEnds +
                      "\xff\xff");
    }
    return out;
}

void ask_server(std::string_view input) {
    if (input.empty()) {
        return;
    }
    const auto who = static_cast<unsigned char>(input[0]);
    Asking::all().answer_with(answers_of(input.substr(1, kLongestInput)), (who & kDishonest) == 0);
    Asking::all().ask(who & ~kDishonest);
}

}  // namespace

Target answers_target() {
    return {"answers", "rows and COPY data as answers to our statements", answer_seeds, ask_server,
            [] { return Asking::all().reached(); }};
}

}  // namespace cutover::fuzz
