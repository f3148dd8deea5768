#include "tests/simulation/run.h"

#include <optional>
#include <utility>
#include <vector>

#include "migrator/engine/memory/engine.h"
#include "migrator/engine/memory/sink.h"
#include "migrator/engine/memory/source.h"
#include "migrator/route/memory_to_memory.h"
#include "migrator/stage/late_writes.h"
#include "migrator/task/cutover_evidence.h"
#include "migrator/task/task.h"
#include "tests/simulation/alterer.h"
#include "tests/simulation/bystander.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/simulated_runtime.h"
#include "tests/simulation/storm.h"
#include "tests/simulation/writer.h"

namespace cutover::simulation {

using model::Error;
using model::ErrorClass;
using std::chrono::milliseconds;

namespace {

/// More starts than any schedule needs: a task that never ends has to be told from one that is
/// killed often.
constexpr std::uint64_t kMostStarts = 60;

/// One process that runs the task: started, perhaps killed, ended.
class Incarnation final : public stage::Observer {
public:
    Incarnation(Process& world, const Shape& shape, const memory::Net& net, std::uint64_t number,
                const Kill* kill)
        : process_(world.scheduler(), "task" + std::to_string(number), shape.seed * 1000 + number),
          net_(net),
          spec_(shape.spec),
          destination_(shape.destination),
          kill_(kill) {
        process_.set_hook([this](std::string_view point) { perhaps_kill(point); });
        fiber_ = world.scheduler().spawn(process_, "main", [this] { body(); });
    }

    Process& process() { return process_; }
    bool ended() const { return fiber_->done; }
    void join() { process_.scheduler().join(*fiber_); }
    /// Nothing if it was killed or failed.
    const std::optional<task::Outcome>& outcome() const { return outcome_; }
    const std::optional<Error>& error() const { return error_; }
    void on(const stage::Event& event) override {
        insist_on_end(event);
        insist_on_giving_way(event);
        if (!process_.scheduler().tracing()) {
            return;
        }
        if (const auto* phase = std::get_if<stage::PhaseStarted>(&event)) {
            process_.scheduler().trace("phase " + std::string(to_string(phase->phase)));
        } else if (const auto* retry = std::get_if<stage::Retrying>(&event)) {
            process_.scheduler().trace("retrying after " + std::string(retry->error.what()));
        } else if (const auto* failed = std::get_if<stage::Failed>(&event)) {
            process_.scheduler().trace("failed: " + std::string(failed->error.what()));
        } else if (const auto* chunk = std::get_if<stage::ChunkDone>(&event)) {
            process_.scheduler().trace("chunk " + chunk->table + " " +
                                       std::to_string(chunk->number) + " rows " +
                                       std::to_string(chunk->rows.count));
        }
    }

private:
    /// Whoever is told of a lost connection is told which one.
    void insist_on_end(const stage::Event& event) {
        const auto* retry = std::get_if<stage::Retrying>(&event);
        const auto* failed = std::get_if<stage::Failed>(&event);
        const Error* error = retry ? &retry->error : failed ? &failed->error : nullptr;
        if (error != nullptr && error->error_class() == ErrorClass::connection && !error->side()) {
            process_.scheduler().fail(std::string("an error does not name its end: ") +
                                      error->what());
        }
    }
    /// Nobody else's lock is held for so long here, but that of a commit which the server comes to
    /// late: it was one of ours, held by who waits for who waits for it.
    void insist_on_giving_way(const stage::Event& event) {
        const auto* retry = std::get_if<stage::Retrying>(&event);
        if (retry != nullptr && retry->error.code() == "memory.lock_timeout") {
            process_.scheduler().fail(std::string("nobody gave way: ") + retry->error.what());
        }
    }
    void perhaps_kill(std::string_view point) {
        ++points_;
        if (kill_ == nullptr) {
            return;
        }
        if (kill_->sync_point.empty() ? points_ == kill_->at_point
                                      : point == kill_->sync_point && ++passes_ == kill_->pass) {
            process_.kill();
        }
    }
    void body() {
        engine::Registry registry;
        memory::add_engine(registry, net_, process_);
        registry.add_route("memory", "memory",
                           std::make_unique<route::MemoryToMemory>(destination_));
        try {
            task::Task task(process_, registry, spec_, *this);
            outcome_ = task.run();
        } catch (const Error& error) {
            error_ = error;
        }
    }

    Process process_;
    const memory::Net& net_;
    plan::TaskSpec spec_;
    engine::SinkTraits destination_;
    const Kill* kill_;
    std::uint64_t points_ = 0, passes_ = 0;
    std::optional<task::Outcome> outcome_;
    std::optional<Error> error_;
    std::shared_ptr<Fiber> fiber_;
};

class World {
public:
    World(Process& process, const Shape& shape)
        : process_(process),
          shape_(shape),
          source_(std::make_shared<memory::Server>("source", shape.seed)),
          destination_(std::make_shared<memory::Server>("destination", shape.seed + 1)),
          storm_(shape, *source_, *destination_, process) {
        stormy_.servers = calm_.servers = {{"source:1", source_}, {"destination:1", destination_}};
        stormy_.weather = &storm_;
        source_->personality = shape.personality;
        source_->redelivers = shape.redelivers;
        destination_->as_sink = shape.destination;
        destination_->counts_changes = shape.counts_changes;
        Random random(shape.seed, "rows");
        for (const TableShape& table : shape.tables) {
            source_->database.create_table(table.schema);
        }
        for (const bool children : {false, true}) {
            for (const TableShape& table : shape.tables) {
                if (table.has_parent() == children) {
                    load_rows(*source_, table, shape.rows, random);
                }
            }
        }
        source_->database.sequences()[{"app", "counter"}];
        if (shape.has_standby) {
            source_->database.add_standby();
            source_->database.synchronized = shape.synchronized;
        }
        oracle_.emplace(
            shape, *source_, *destination_,
            [this](const std::string& text) { process_.scheduler().fail(text); },
            process.scheduler().tracing()
                ? Oracle::Say([this](const std::string& text) { process_.scheduler().trace(text); })
                : Oracle::Say());
    }

    Life run();

private:
    void write();
    void keep_house();
    void operate();
    void ask_for_finish();
    void write_as_foreigner();
    bool take_rows_away(const TableShape& shape);
    std::optional<std::string> ask(const std::string& verb, const std::string& argument);
    /// Starts and watches processes until the task is at its end.
    void supervise();
    void start(bool rival);
    /// False: the task's end.
    bool go_on_after(Incarnation& ended);
    void judge_failure(const Error& error);
    void wind_down();
    void judge_cutover();

    Process& process_;
    const Shape& shape_;
    std::shared_ptr<memory::Server> source_, destination_;
    Storm storm_;
    memory::Net stormy_, calm_;
    std::optional<Oracle> oracle_;
    std::vector<std::unique_ptr<Incarnation>> running_;
    std::vector<std::unique_ptr<flow::Worker>> writers_, helpers_;
    FirstWrites first_writes_;
    std::uint64_t writers_at_work_ = 0;
    bool over_ = false;
    bool foreign_write_done_ = false;
    Life verdict_;
};

void World::write() {
    for (std::uint64_t number = 0; number < shape_.writers; ++number) {
        ++writers_at_work_;
        writers_.push_back(process_.spawn("writer" + std::to_string(number), [this, number] {
            Writer(shape_, *source_, process_, number, first_writes_).run();
            --writers_at_work_;
        }));
    }
    if (shape_.alterations > 0) {
        writers_.push_back(process_.spawn(
            "alterer", [this] { Alterer(shape_, *source_, *destination_, process_).run(over_); }));
    }
}

/// What servers do by themselves: standby, vacuum, removal of old log.
void World::keep_house() {
    Random random(shape_.seed, "house");
    while (!over_) {
        process_.sleep(flow::Duration(random.between(1'000, 400'000)));
        memory::Database& database = source_->database;
        if (database.has_standby()) {
            const std::uint64_t received = database.standby_received();
            const std::uint64_t end = database.end_of_log().offset;
            const bool all = random.chance(0.5);
            database.standby_receives(
                all || end <= received ? end : received + random.below(end - received + 1));
            source_->ring();
        }
        if (random.chance(0.2)) {
            database.vacuum();
        }
        if (random.chance(0.3)) {
            database.trim_log();
        }
    }
}

/// Posts a command and waits for its answer; nothing if none comes.
std::optional<std::string> World::ask(const std::string& verb, const std::string& argument) {
    memory::MemorySink sink(process_, calm_, shape_.spec, nullptr);
    try {
        const std::unique_ptr<engine::Control> control = sink.open_control();
        const std::uint64_t id = control->post_command(shape_.spec.name, {0, verb, argument});
        for (int look = 0; look < 200 && !over_; ++look) {
            process_.sleep(milliseconds(100));
            if (const auto answer = control->command_answer(id)) {
                return answer;
            }
        }
    } catch (const Error&) {
        process_.sleep(milliseconds(100));
    }
    return std::nullopt;
}

void World::operate() {
    Random random(shape_.seed, "operator");
    for (std::uint64_t number = 0; number < shape_.commands && !over_; ++number) {
        process_.sleep(flow::Duration(random.below(3'000'000)));
        switch (random.below(4)) {
            case 0:
                ask("pause", "");
                process_.sleep(flow::Duration(random.below(2'000'000)));
                while (!over_ && !ask("resume", "")) {
                }
                break;
            case 1:
                ask("throttle", "full.rows_per_second=100,incremental.rows_per_second=200");
                break;
            case 2:
                ask("throttle", "full.rows_per_second=unlimited");
                break;
            default:
                ask("stop", "");
                break;
        }
    }
}

/// Once the destination equals the source: rows disappear there, and one changes at the source. The
/// log then meets no row, which a strict task must not overlook.
void World::write_as_foreigner() {
    while (!over_ && !oracle_->caught_up()) {
        process_.sleep(milliseconds(20));
    }
    for (const TableShape& shape : shape_.tables) {
        if (!over_ && take_rows_away(shape)) {
            return;
        }
    }
}

bool World::take_rows_away(const TableShape& shape) {
    memory::Database& source = source_->database;
    memory::Database& destination = destination_->database;
    memory::Table& table = source.table(shape.schema.name);
    memory::Table& copy = destination.table(shape.destination);
    const std::vector<std::size_t> rows = source.scan(0, table);
    const std::vector<std::size_t> copies = destination.scan(0, copy);
    if (shape.keyless() || !shape.filter.text.empty() || rows.empty() ||
        copies.size() != rows.size()) {
        return false;
    }
    const std::size_t column = shape.column("v");
    const model::Tuple before = table.at(rows.front()).row;
    model::Tuple changed;
    for (std::size_t cell = 0; cell < before.size(); ++cell) {
        if (cell == column) {
            changed.append(model::CellKind::text, "77");
        } else {
            changed.append(before.kind(cell), before.bytes(cell));
        }
    }
    oracle_->expect_difference(shape);
    foreign_write_done_ = true;  // first: the task may find out before this goes on
    const memory::TransactionNumber theirs = destination.begin();
    for (const std::size_t place : copies) {
        destination.remove(theirs, copy, place);
    }
    destination.commit(theirs, process_.wall());
    const memory::TransactionNumber ours = source.begin();
    source.replace(ours, table, rows.front(), changed);
    source.commit(ours, process_.wall());
    source_->ring();
    return true;
}

void World::ask_for_finish() {
    Random random(shape_.seed, "finish");
    if (shape_.writers_finish_first) {
        writers_.clear();
        if (shape_.foreign_write) {
            write_as_foreigner();
        }
    } else {
        process_.sleep(flow::Duration(random.below(3'000'000)));
    }
    while (!over_) {
        const std::optional<std::string> answer = ask("finish", shape_.finish);
        // By the cutover, that is: that another is under way is no end of it.
        const bool refused = answer && answer->find("\"outcome\":\"refused\"") != std::string::npos;
        const bool told = answer && answer->find("still fenced") != std::string::npos;
        if (refused && !told && source_->database.tables_closed()) {
            process_.scheduler().fail("a refused finish has left the source fenced in silence: " +
                                      *answer);
        }
        process_.sleep(milliseconds(random.between(1, 2000)));
    }
}

void World::start(bool rival) {
    const std::uint64_t number = ++verdict_.starts;
    const bool killed = !rival && number <= shape_.kills.size();
    running_.push_back(std::make_unique<Incarnation>(process_, shape_, stormy_, number,
                                                     killed ? &shape_.kills[number - 1] : nullptr));
}

void World::judge_failure(const Error& error) {
    const bool loud =
        error.error_class() == ErrorClass::refused || error.error_class() == ErrorClass::corrupt;
    if (error.error_class() == ErrorClass::corrupt && foreign_write_done_) {
        verdict_.outcome = "foreign write found";
    } else if (loud && storm_.excused()) {
        verdict_.outcome = "refused loudly";
    } else {
        process_.scheduler().fail(std::string("the task gave up without need: ") + error.what());
    }
}

bool World::go_on_after(Incarnation& ended) {
    if (ended.process().dead()) {
        ++verdict_.kills;
        return true;
    }
    if (ended.error()) {
        const std::string& code = ended.error()->code();
        if (code == "task.running" || code == "task.fenced" || ended.error()->may_retry()) {
            return true;
        }
        if (code != "task.finished") {
            judge_failure(*ended.error());
            return false;
        }
    } else if (*ended.outcome() == task::Outcome::stopped) {
        return true;
    }
    const bool finished = shape_.spec.phases.incremental;
    if (foreign_write_done_) {
        process_.scheduler().fail(
            "rows that somebody else removed at the destination were overlooked");
    } else if (finished) {
        oracle_->check_finished(shape_.writers_finish_first);
    } else {
        oracle_->check_completed();
    }
    verdict_.outcome = finished ? "finished" : "completed";
    return false;
}

void World::supervise() {
    Random random(shape_.seed, "supervisor");
    start(false);
    bool rival_due = shape_.rival;
    for (bool going = true; going && !process_.scheduler().failing();) {
        process_.sleep(milliseconds(random.between(1, 50)));
        for (std::size_t at = 0; at < running_.size() && going; ++at) {
            if (!running_[at]->ended()) {
                continue;
            }
            const std::unique_ptr<Incarnation> ended = std::move(running_[at]);
            running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(at));
            going = go_on_after(*ended);
            break;
        }
        if (going && running_.empty()) {
            if (verdict_.starts == kMostStarts) {
                process_.scheduler().fail("the task was started " + std::to_string(kMostStarts) +
                                          " times and is not through");
                return;
            }
            process_.sleep(milliseconds(random.below(random.chance(0.2) ? 20'000 : 300)));
            start(false);
        } else if (going && rival_due && random.chance(0.05)) {
            rival_due = false;
            start(true);
        }
    }
}

/// Whatever is still under way happens; nothing of it may reach the destination.
void World::wind_down() {
    if (verdict_.outcome == "finished" || verdict_.outcome == "completed") {
        oracle_->freeze();
    }
    over_ = true;
    storm_.calm();
    for (const auto& incarnation : running_) {
        incarnation->process().kill();
    }
    for (const auto& incarnation : running_) {
        incarnation->join();
    }
    helpers_.clear();
    writers_.clear();
    running_.clear();
    if (verdict_.outcome == "finished" && !process_.scheduler().failing()) {
        judge_cutover();
    }
}

/// Everybody has ended: what the cutover rests on is true, and what came behind it is told.
void World::judge_cutover() {
    const auto& record = destination_->tasks.at(shape_.spec.name).record;
    const auto evidence = task::evidence_from(record.cutover);
    if (!evidence) {
        process_.scheduler().fail("a finished task does not say what its cutover rests on");
        return;
    }
    oracle_->check_evidence(*evidence, first_writes_);
    if (oracle_->left_behind() || storm_.excused()) {
        return;  // the source that the log was read from is gone
    }
    source_->database.synchronized = false;  // nobody lets the standby follow any more
    memory::MemorySource source(process_, calm_, shape_.spec, nullptr);
    memory::MemorySink sink(process_, calm_, shape_.spec, nullptr);
    const plan::Plan plan = route::MemoryToMemory(shape_.destination)
                                .plan(shape_.spec, source.open_inspector()->catalog({}),
                                      sink.open_inspector()->catalog({}))
                                .plan;
    const stage::LateWrites late = stage::read_late_writes(
        process_, source, plan, *record.origin, record.marker.position,
        {engine::LogReader::onlooker, flow::Duration(0), std::chrono::minutes(1)}, [] {});
    verdict_.outcome += late.transactions > 0 ? ", late writes told" : "";
    oracle_->check_told(late);
}

Life World::run() {
    helpers_.push_back(process_.spawn("storm", [this] { storm_.run(); }));
    helpers_.push_back(process_.spawn("house", [this] { keep_house(); }));
    if (shape_.bystander) {
        helpers_.push_back(process_.spawn(
            "bystander", [this] { Bystander(shape_, *destination_, process_).run(over_); }));
    }
    if (shape_.spec.phases.incremental) {
        write();
        helpers_.push_back(process_.spawn("finish", [this] { ask_for_finish(); }));
        helpers_.push_back(process_.spawn("operator", [this] { operate(); }));
    }
    try {
        supervise();
    } catch (const Killed&) {
        // The seed has failed; the processes still have to be unwound.
    }
    wind_down();
    verdict_.troubles = storm_.troubles_met();
    verdict_.outages = storm_.outages_met();
    verdict_.calls = storm_.calls();
    verdict_.rework = oracle_->rework();
    verdict_.chunk_opens = oracle_->chunk_opens();
    verdict_.states_checked = oracle_->states_checked();
    const std::uint64_t interruptions =
        verdict_.kills + verdict_.outages + shape_.commands + shape_.alterations;
    // What waits at a limit or a pause when another worker fails is broken off too.
    const std::uint64_t hit = shape_.commands > 0 ? shape_.spec.limits.workers : 1;
    if (verdict_.rework > interruptions * shape_.spec.limits.workers + verdict_.troubles * hit) {
        process_.scheduler().fail("rework of " + std::to_string(verdict_.rework) +
                                  " chunks after " + std::to_string(interruptions) +
                                  " interruptions and " + std::to_string(verdict_.troubles) +
                                  " failed calls with " +
                                  std::to_string(shape_.spec.limits.workers) + " workers");
    }
    return verdict_;
}

}  // namespace

Life run_seed(std::uint64_t seed, const Caps& caps, bool trace) {
    const Shape shape = draw_shape(seed, caps);
    SchedulerOptions options;
    options.seed = seed;
    options.trace = trace;
    Scheduler scheduler(options);
    Life verdict;
    {
        Process world(scheduler, "world", seed);
        scheduler.run(world, [&] {
            World life(world, shape);
            verdict = life.run();
        });
    }
    verdict.steps = scheduler.steps();
    verdict.trace_hash = scheduler.trace_hash();
    if (scheduler.failing()) {
        verdict.good = false;
        verdict.failure = *scheduler.failure();
    }
    return verdict;
}

}  // namespace cutover::simulation
