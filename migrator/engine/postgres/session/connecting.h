// How a connection to one host is made: which of libpq's settings an endpoint means, TLS first if
// it is preferred, and no password in clear without it. connection.cc tries the hosts; nothing is
// sent here once the connection is made.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// A connection that was made or has failed: PQstatus() tells which. The caller must finish it.
/// Throws: refused (the server asks for the password in clear without TLS, `require_auth` is not
/// kept or cannot be, PGPASSWORD is set and the task file does not name it), operation (no memory).
pg_conn* connect_host(const plan::Endpoint& endpoint, const plan::HostPort& host,
                      const ConnectOptions& options);

/// True if a host's name is the folder of a server's socket.
bool is_socket_folder(const std::string& host);

/// Removes the environment variables that libpq would obey (PGHOSTADDR, PGSERVICE, PGOPTIONS, ...)
/// and returns their names: the task file alone says where the ends are and how to connect to them.
/// PGPASSFILE stays, and so does PGPASSWORD for `password: {env: PGPASSWORD}`. Must be called
/// before there is a second thread.
std::vector<std::string> ignore_environment();

}  // namespace cutover::postgres
