// PostgreSQL's words for trouble in ours: SQLSTATE and libpq's state to model::Error.
#pragma once

#include <string>
#include <string_view>

#include "migrator/model/error.h"

struct pg_conn;
struct pg_result;

namespace cutover::postgres {

/// The class of an SQLSTATE: 08*, 57P0*, 53300, 25006 connection; 22*, 28*, 42*, 54*, 3D000, 0A000
/// refused; 23* conflict; XX001/XX002 corrupt; the rest operation. `message`: the server's, for
/// what has no code of its own.
model::ErrorClass classify(std::string_view sqlstate, std::string_view message = {});

/// The statement's beginning up to its first literal: enough to know it, no values.
std::string statement_head(std::string_view sql);

/// From a failed result. The statement's first words are named, its values are not.
model::Error error_from(const pg_result* result, const pg_conn* connection, std::string_view sql);

/// The class of what libpq says of a connection that could not be made. `reached`: this process
/// has been connected to that host before.
model::ErrorClass connect_class(std::string_view message, bool reached);

/// From a connection that could not be made or has broken.
model::Error connection_error(const pg_conn* connection, const std::string& endpoint, bool reached);

}  // namespace cutover::postgres
