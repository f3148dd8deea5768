#include "scenarios/ground/postgres_ground.h"

#include <fmt/format.h>

#include <algorithm>

#include "fixtures/data/dataset.h"
#include "fixtures/server_factory.h"
#include "migrator/model/error.h"

namespace cutover::scenarios {

namespace {

using fixtures::PostgresClient;
using fixtures::quoted_text;
using fixtures::TextRow;

constexpr const char* kDatabase = "shop";
constexpr const char* kApplication = "shop_owner";
constexpr const char* kMover = "mover";
constexpr std::chrono::minutes kLongStatement{5};

fixtures::PostgresSpec spec_of(const ServerShape& shape, const std::string& name, bool tls) {
    fixtures::PostgresSpec spec;
    spec.name = name;
    spec.version = shape.version;
    spec.settings = shape.settings;
    spec.tls = tls ? fixtures::TlsUse::offered : fixtures::TlsUse::off;
    return spec;
}

std::string cell(const TextRow& row, std::size_t at) {
    return row.at(at).value_or("");
}

std::string slot_of(const std::string& task) {
    return "cutover_" + task;
}

/// Tables and partitioned tables of users, without those of a task's own schema.
constexpr const char* kUserTables =
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' "
    "AND n.nspname NOT IN ('information_schema', 'cutover')";

}  // namespace

PostgresGround::PostgresGround(const Topology& topology, fixtures::ServerFactory& servers)
    : topology_(topology), servers_(servers) {
    const bool tls = topology.tls != "disable";
    source_.server = servers.postgres(spec_of(topology.source, "source", tls));
    source_.server->connect().query(fmt::format("CREATE DATABASE {}", kDatabase));
    application_ = fixtures::make_application(*source_.server, kApplication, kDatabase);
    reader_ = fixtures::make_source_mover(*source_.server, kMover, kDatabase, kApplication);
    if (topology.source.standby) {
        fixtures::StandbySpec standby;
        standby.failover_slots = topology.source.failover_slot;
        standby_.server = servers.standby_of(*source_.server, standby);
    }
    destination_.server = servers.postgres(spec_of(topology.destination, "destination", tls));
    destination_.server->connect().query(fmt::format("CREATE DATABASE {}", kDatabase));
    writer_ = fixtures::make_destination_mover(*destination_.server, kMover, kDatabase);
    for (Stand* stand : {&source_, &standby_, &destination_}) {
        if (stand->server != nullptr) {
            add_link(*stand);
        }
    }
}

PostgresGround::~PostgresGround() = default;

void PostgresGround::add_link(Stand& stand) {
    stand.link = std::make_unique<fixtures::LinkProxy>(stand.server->body().address());
}

PostgresGround::Stand& PostgresGround::stand(Role role) {
    return const_cast<Stand&>(std::as_const(*this).stand(role));
}

const PostgresGround::Stand& PostgresGround::stand(Role role) const {
    const Stand& found = role == Role::source    ? source_
                         : role == Role::standby ? standby_
                                                 : destination_;
    if (found.server == nullptr) {
        throw model::Error(model::ErrorClass::refused, "scenario.server",
                           fmt::format("the scenario's topology has no {}", to_string(role)));
    }
    return found;
}

std::string PostgresGround::description() const {
    const ServerShape& source = topology_.source;
    return fmt::format("PostgreSQL {}{} -> PostgreSQL {}, TLS {}", source.version,
                       !source.standby        ? ""
                       : source.failover_slot ? " with a standby that keeps the slot"
                                              : " with a standby",
                       topology_.destination.version, topology_.tls);
}

std::string PostgresGround::body() const {
    return servers_.description();
}

std::map<std::string, std::string> PostgresGround::versions() {
    std::map<std::string, std::string> out;
    for (const Side side : {Side::source, Side::destination}) {
        out[std::string(to_string(side))] =
            "PostgreSQL " + client(side).value("SHOW server_version");
    }
    return out;
}

plan::Endpoint PostgresGround::endpoint(Side side, bool linked,
                                        const fixtures::PostgresAccount& account) const {
    std::vector<const Stand*> stands = {side == Side::source ? &source_ : &destination_};
    if (side == Side::source && standby_.server != nullptr) {
        stands.push_back(&standby_);
    }
    plan::Endpoint made = stands.front()
                              ->server->endpoint(kDatabase)
                              .as_user(account.name, account.password)
                              .as_plan();
    made.hosts.clear();
    for (const Stand* at : stands) {
        const fixtures::Address address =
            linked ? at->link->address() : at->server->body().address();
        made.hosts.push_back({address.host, address.port});
    }
    return made;
}

const fixtures::PostgresAccount& PostgresGround::migrator(Side side) const {
    return side == Side::source ? reader_ : writer_;
}

plan::Endpoint PostgresGround::direct(Side side) const {
    if (side == Side::source) {
        return endpoint(side, false, application_);
    }
    const fixtures::PostgresEndpoint admin = destination_.server->endpoint();
    return endpoint(side, false, {admin.user, admin.password});
}

plan::Endpoint PostgresGround::through_links(Side side) const {
    return endpoint(side, true, migrator(side));
}

plan::Endpoint PostgresGround::behind_links(Side side) const {
    return endpoint(side, false, migrator(side));
}

fixtures::LinkProxy& PostgresGround::link(Role role) {
    return *stand(role).link;
}

const fixtures::PostgresServer& PostgresGround::writable(Side side) const {
    const Stand& stand = side == Side::destination ? destination_
                         : failed_over_            ? standby_
                                                   : source_;
    return *stand.server;
}

PostgresClient PostgresGround::client(Side side) const {
    return writable(side).connect(kDatabase);
}

PostgresClient PostgresGround::application_client(Side side) const {
    if (side == Side::destination) {
        return client(side);
    }
    return PostgresClient(
        writable(side).endpoint(kDatabase).as_user(application_.name, application_.password));
}

LoadedData PostgresGround::load(const DatasetChoice& dataset, std::uint64_t) {
    fixtures::DatasetOptions options;
    options.name = dataset.name;
    options.scale = dataset.scale;
    const fixtures::LoadReport report = fixtures::load_dataset(direct(Side::source), options);
    return {report.rows, report.tables.size()};
}

void PostgresGround::settle() {
    full_identity_before_ = tables_with_full_identity();
    client(Side::source).query("ANALYZE", kLongStatement);
    if (standby_.server != nullptr) {
        standby_.server->wait_caught_up_with(*source_.server, std::chrono::minutes(3));
    }
}

std::set<std::string> PostgresGround::tables_with_full_identity() const {
    std::set<std::string> out;
    for (const TextRow& row : client(Side::source)
                                  .query(std::string("SELECT c.oid::regclass::text ") +
                                         kUserTables + " AND c.relreplident = 'f'")) {
        out.insert(cell(row, 0));
    }
    return out;
}

/// A proxy would take connections on behalf of the dead; a dead machine takes none.
void PostgresGround::end(Stand& stand) {
    stand.server->kill();
    stand.server->wait_unreachable();
    stand.link->refuse();
}

std::string PostgresGround::kill(Role role) {
    end(stand(role));
    return "no process is left, connections are refused";
}

std::string PostgresGround::start(Role role) {
    stand(role).server->start();
    stand(role).link->heal();
    return "started again, answers queries";
}

std::string PostgresGround::restart(Role role) {
    stand(role).server->restart();
    return "the main process ended, a new one answers queries";
}

std::string PostgresGround::pause(Role role) {
    stand(role).server->pause();
    return "every process is stopped";
}

std::string PostgresGround::resume(Role role) {
    stand(role).server->resume();
    stand(role).server->wait_ready();
    return "answers queries again";
}

std::string PostgresGround::partition(Role role) {
    stand(role).server->partition();
    return "new connections get no answer";
}

std::string PostgresGround::heal_partition(Role role) {
    stand(role).server->heal();
    stand(role).server->wait_ready();
    return "answers queries again";
}

std::string PostgresGround::fail_over() {
    Stand& standby = stand(Role::standby);
    const std::string received =
        standby.server->connect().value("SELECT pg_last_wal_receive_lsn()::text");
    end(source_);
    standby.server->promote();
    failed_over_ = true;
    const std::string timeline =
        standby.server->connect().value("SELECT timeline_id::text FROM pg_control_checkpoint()");
    return fmt::format(
        "the primary's processes are gone; the standby had received {} and is out of recovery "
        "(last checkpoint on timeline {})",
        received, timeline);
}

std::optional<std::string> PostgresGround::standby_ready(const std::string& task) {
    PostgresClient standby = stand(Role::standby).server->connect();
    if (!topology_.source.failover_slot) {
        return "it had replayed " + standby.value("SELECT pg_last_wal_replay_lsn()::text");
    }
    // Synchronized for the first time only after the task has acknowledged something.
    const std::string at = standby.value(fmt::format(
        "SELECT confirmed_flush_lsn::text FROM pg_replication_slots "
        "WHERE slot_name = {} AND synced AND NOT temporary AND invalidation_reason IS NULL",
        quoted_text(slot_of(task))));
    if (at.empty()) {
        return std::nullopt;
    }
    return fmt::format("the standby keeps slot {} at {}", slot_of(task), at);
}

std::string PostgresGround::drop_capture(const std::string& task) {
    // The migrator may come back between the two statements of a round, hence many rounds.
    client(Side::source)
        .query(fmt::format(R"(DO $$ BEGIN
            FOR round IN 1..500 LOOP
                PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots
                    WHERE slot_name = {0} AND active_pid IS NOT NULL;
                BEGIN
                    PERFORM pg_drop_replication_slot({0});
                    RETURN;
                EXCEPTION WHEN object_in_use THEN PERFORM pg_sleep(0.01);
                END;
            END LOOP;
            RAISE 'the slot stays in use';
        END $$)",
                           quoted_text(slot_of(task))));
    return fmt::format("slot {} is gone", slot_of(task));
}

std::string PostgresGround::recreate_capture(const std::string& task) {
    drop_capture(task);
    const std::string more = topology_.source.version >= 17
                                 ? fmt::format(", false, false, {}", topology_.source.failover_slot)
                                 : "";
    const std::string at =
        client(Side::source)
            .value(
                fmt::format("SELECT lsn FROM pg_create_logical_replication_slot({}, 'pgoutput'{})",
                            quoted_text(slot_of(task)), more));
    return fmt::format("slot {} is a new one, at {}", slot_of(task), at);
}

std::vector<AuxiliaryRecord> PostgresGround::auxiliary(const std::string& task) {
    std::vector<AuxiliaryRecord> out;
    PostgresClient source = client(Side::source);
    const auto add = [&](const std::string& side, const std::vector<TextRow>& rows) {
        for (const TextRow& row : rows) {
            out.push_back({side, cell(row, 0), cell(row, 1)});
        }
    };
    add("source", source.query(fmt::format(
                      "SELECT 'replication slot', slot_name::text FROM pg_replication_slots "
                      "WHERE slot_name ^@ {0} AND NOT temporary "
                      "UNION ALL SELECT 'publication', pubname::text FROM pg_publication "
                      "WHERE pubname ^@ {0} "
                      "UNION ALL SELECT 'schema', nspname::text FROM pg_namespace "
                      "WHERE nspname = 'cutover' OR nspname ^@ 'cutover_fence' "
                      "UNION ALL SELECT 'event trigger', evtname::text FROM pg_event_trigger "
                      "WHERE evtname ^@ 'cutover'",
                      quoted_text(slot_of(task)))));
    for (const std::string& table : tables_with_full_identity()) {
        if (!full_identity_before_.contains(table)) {
            out.push_back({"source", "replica identity full", table});
        }
    }
    add("destination",
        client(Side::destination)
            .query("SELECT 'schema', nspname::text FROM pg_namespace WHERE nspname ^@ 'cutover' "
                   "UNION ALL SELECT 'table', c.oid::regclass::text FROM pg_class c "
                   "JOIN pg_namespace n ON n.oid = c.relnamespace "
                   "WHERE c.relkind = 'r' AND n.nspname = 'cutover'"));
    return out;
}

std::vector<SequenceState> PostgresGround::sequences() {
    PostgresClient destination = client(Side::destination);
    std::vector<SequenceState> out;
    const std::vector<TextRow> owned = destination.query(
        "SELECT s.oid::regclass::text, c.oid::regclass::text, quote_ident(a.attname) "
        "FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') "
        "AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass "
        "JOIN pg_class c ON c.oid = d.refobjid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid "
        "WHERE s.relkind = 'S' AND n.nspname <> 'cutover' ORDER BY 1");
    for (const TextRow& row : owned) {
        SequenceState state;
        state.sequence = cell(row, 0);
        state.column = cell(row, 1) + "." + cell(row, 2);
        state.next_value = std::stoll(destination.value(fmt::format(
            "SELECT s.last_value + CASE WHEN s.is_called THEN q.seqincrement ELSE 0 END "
            "FROM {} s, pg_sequence q WHERE q.seqrelid = {}::regclass",
            state.sequence, quoted_text(state.sequence))));
        const std::string most = destination.value(
            fmt::format("SELECT max({})::bigint FROM {}", cell(row, 2), cell(row, 1)),
            kLongStatement);
        if (!most.empty()) {
            state.column_max = std::stoll(most);
        }
        out.push_back(std::move(state));
    }
    return out;
}

std::uint64_t PostgresGround::run_statements(Side side, const std::string& statements) {
    // In one message: between two the session could hand its counts over and begin at zero again.
    const std::string counted = statements +
                                "; SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) "
                                "FROM pg_stat_xact_all_tables";
    return std::stoull(application_client(side).value(counted, kLongStatement));
}

std::string PostgresGround::begin_transaction(const std::string& statements, bool prepared) {
    open_ = std::make_unique<PostgresClient>(application_client(Side::source));
    open_->query("SET application_name = 'somebody'");
    open_->query("BEGIN");
    open_->query(statements);
    prepared_ = prepared;
    if (prepared_) {
        open_->query("PREPARE TRANSACTION 'left'");
        return "prepared transaction 'left'";
    }
    return "process " + open_->value("SELECT pg_backend_pid()");
}

std::string PostgresGround::commit_transaction() {
    open_->query(prepared_ ? "COMMIT PREPARED 'left'" : "COMMIT");
    open_.reset();
    return "committed";
}

std::string PostgresGround::destination_fingerprint() {
    PostgresClient destination = client(Side::destination);
    std::string out;
    for (const TextRow& row : destination.query(std::string("SELECT c.oid::regclass::text ") +
                                                kUserTables + " AND c.relkind = 'r' ORDER BY 1")) {
        out +=
            cell(row, 0) + " " +
            destination.value(fmt::format("SELECT count(*) || ' ' || "
                                          "coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) "
                                          "FROM {} t",
                                          cell(row, 0)),
                              kLongStatement) +
            "\n";
    }
    return out;
}

std::string PostgresGround::end_of_source_log() {
    return client(Side::source).value("SELECT pg_current_wal_flush_lsn()::text");
}

bool PostgresGround::applied(const std::string& task, const std::string& position) {
    // The documented view, as evidence of positions only.
    return client(Side::destination)
               .value(fmt::format("SELECT (position::pg_lsn >= {}::pg_lsn)::text "
                                  "FROM cutover.applied_position WHERE task = {}",
                                  quoted_text(position), quoted_text(task))) == "true";
}

std::vector<std::string> PostgresGround::secrets() const {
    std::set<std::string> out = {application_.password, reader_.password, writer_.password};
    for (const Stand* stand : {&source_, &standby_, &destination_}) {
        if (stand->server != nullptr) {
            out.insert(stand->server->endpoint().password);
        }
    }
    out.erase("");
    return {out.begin(), out.end()};
}

std::vector<std::filesystem::path> PostgresGround::copy_logs(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> out;
    for (const Stand* stand : {&source_, &standby_, &destination_}) {
        if (stand->server != nullptr) {
            out.push_back(stand->server->copy_log(folder));
        }
    }
    return out;
}

}  // namespace cutover::scenarios
