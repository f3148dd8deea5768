#include "migrator/engine/postgres/control/control_schema.h"

#include "migrator/engine/postgres/session/error.h"
#include "migrator/engine/postgres/trust/own_objects.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// Worth another try: another process makes or removes the schema at the same time.
constexpr int kAttempts = 20;

constexpr Statements kCreate = R"(
CREATE SCHEMA cutover;
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
    catalog text NOT NULL DEFAULT '',
    evolution text NOT NULL DEFAULT '',
    evolution_adopted boolean NOT NULL DEFAULT false,
    owner text NOT NULL DEFAULT '',
    claimed_at timestamptz,
    born bigint NOT NULL,
    holder_process integer,
    holder_since timestamptz,
    listener text NOT NULL DEFAULT '',
    listener_process integer,
    listener_since timestamptz,
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
    statement text NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (task, id));
CREATE TABLE cutover.command (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task text NOT NULL,
    verb text NOT NULL,
    argument text NOT NULL,
    answer text,
    poster_process integer NOT NULL,
    poster_since timestamptz NOT NULL,
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

/// True if the schema was being made or removed by another process while we used it.
bool meets_another(const Error& error) {
    return has_state(error, "42P06") || has_state(error, "23505") || has_state(error, "42P01") ||
           has_state(error, "3F000");
}

void make_control_schema(Connection& connection) {
    try {
        connection.exec_script(kCreate);
        connection.exec("COMMENT ON SCHEMA cutover IS " +
                        connection.quote_literal(kControlComment));
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

}  // namespace

void in_control_schema(Connection& connection, const std::function<void()>& work) {
    for (int attempt = 1;; ++attempt) {
        try {
            connection.exec("BEGIN");
            if (!hold_own_schema(connection, Hold::write)) {
                make_control_schema(connection);
            }
            work();
            connection.exec("COMMIT");
            return;
        } catch (const Error& error) {
            if (!meets_another(error) || attempt == kAttempts) {
                throw;
            }
            connection.rollback();
        }
    }
}

void drop_control_schema_if_empty(Connection& connection) {
    if (connection.exec("SELECT 1 FROM cutover.task LIMIT 1").rows() == 0) {
        // Who reads holds this one too: nobody waits for us with a lock that we wait for.
        connection.exec("LOCK TABLE cutover.task IN ACCESS EXCLUSIVE MODE");
        connection.exec("DROP SCHEMA cutover CASCADE");
    }
}

}  // namespace cutover::postgres
