#include "migrator/engine/postgres/control_schema.h"

#include "migrator/engine/postgres/write_session.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr const char* kComment = "cutover: control state of migrations, format 2";

constexpr const char* kCreate = R"(
CREATE SCHEMA cutover;
COMMENT ON SCHEMA cutover IS 'cutover: control state of migrations, format 2';
CREATE TABLE cutover.task (
    name text PRIMARY KEY,
    fingerprint text NOT NULL,
    phase text NOT NULL,
    epoch bigint NOT NULL,
    starts bigint NOT NULL,
    origin_identity bytea,
    origin_start bytea,
    origin_start_text text,
    copy_stamp bytea, copy_stamp_text text,
    copy_settled bytea, copy_settled_text text,
    last_error text NOT NULL DEFAULT '',
    source_fence text NOT NULL DEFAULT '',
    cutover text NOT NULL DEFAULT '',
    owner text NOT NULL DEFAULT '',
    claimed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE cutover.marker (
    task text PRIMARY KEY,
    position bytea NOT NULL,
    position_text text NOT NULL,
    commit_time timestamptz NOT NULL,
    transactions bigint NOT NULL,
    changes bigint NOT NULL);
CREATE TABLE cutover.chunk (
    task text NOT NULL,
    table_index bigint NOT NULL,
    number bigint NOT NULL,
    generation bigint NOT NULL,
    range bytea NOT NULL,
    range_text text NOT NULL,
    estimated_rows bigint NOT NULL,
    estimated_bytes bigint NOT NULL,
    planned boolean NOT NULL,
    stamp bytea, stamp_text text,
    settled bytea, settled_text text,
    rows bigint, bytes bigint, hash text,
    committed_at timestamptz,
    PRIMARY KEY (task, table_index, number));
CREATE TABLE cutover.row_view (
    task text NOT NULL,
    table_index bigint NOT NULL,
    range_hash text NOT NULL,
    range bytea NOT NULL,
    range_text text NOT NULL,
    stamp bytea NOT NULL, stamp_text text NOT NULL,
    settled bytea NOT NULL, settled_text text NOT NULL,
    rows bigint NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (task, table_index, range_hash));
CREATE TABLE cutover.schema_step (
    task text NOT NULL,
    id text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (task, id));
CREATE TABLE cutover.command (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task text NOT NULL,
    verb text NOT NULL,
    argument text NOT NULL,
    answer text,
    posted_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE cutover.status (
    task text PRIMARY KEY,
    json text NOT NULL,
    published_at timestamptz NOT NULL);
CREATE TABLE cutover.conflict (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task text NOT NULL,
    table_name text NOT NULL,
    phase text NOT NULL,
    action text NOT NULL,
    rows bigint NOT NULL,
    sample_keys text[] NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now());
CREATE VIEW cutover.applied_position AS
    SELECT task, position_text AS position, commit_time FROM cutover.marker;
COMMENT ON VIEW cutover.applied_position IS
    'for each task, up to where in the source''s log the destination is complete'
)";

}  // namespace

bool has_control_schema(Connection& connection) {
    const Result found = connection.exec_params(
        "SELECT obj_description(oid, 'pg_namespace') IS NOT DISTINCT FROM $1"
        " FROM pg_namespace WHERE nspname = 'cutover'",
        {kComment});
    if (found.rows() == 0) {
        return false;
    }
    if (!found.boolean(0, 0)) {
        throw Error(
            ErrorClass::refused, "control.schema_foreign",
            "the destination has a schema 'cutover' that is not of this program's making "
            "(or of another version of it)",
            "rename or drop that schema, or release its tasks with the version that made it");
    }
    return true;
}

void lock_control_schema(Connection& connection) {
    connection.exec("SELECT pg_advisory_xact_lock(hashtextextended('cutover/schema', 0))");
}

void make_control_schema(Connection& connection) {
    if (has_control_schema(connection)) {
        return;
    }
    try {
        connection.exec(kCreate);
    } catch (const Error& error) {
        if (has_state(error, "42501")) {
            throw Error(ErrorClass::refused, "control.no_right",
                        "the account may not create the schema 'cutover' at the destination: " +
                            error.message(),
                        "GRANT CREATE ON DATABASE ... to the account");
        }
        throw;
    }
}

void drop_control_schema_if_empty(Connection& connection) {
    if (connection.exec("SELECT 1 FROM cutover.task LIMIT 1").rows() == 0) {
        connection.exec("DROP SCHEMA cutover CASCADE");
    }
}

}  // namespace cutover::postgres
