// How a connection to one host comes about: which of libpq's settings an endpoint means, TLS first
// where it is preferred, and no password in clear without it. connection.cc tries the hosts; what
// is said once the connection stands is not made here.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// A connection that stands or has failed: PQstatus() tells. The caller finishes it.
/// Throws: refused (the server asks for the password in clear without TLS, `require_auth` is not
/// kept or cannot be, PGPASSWORD is set and the task file does not name it), operation (no memory).
pg_conn* connect_host(const plan::Endpoint& endpoint, const plan::HostPort& host,
                      const ConnectOptions& options);

/// A host's name that stands for the folder of a server's socket.
bool is_socket_folder(const std::string& host);

/// Takes away the environment variables that libpq would obey (PGHOSTADDR, PGSERVICE, PGOPTIONS,
/// ...) and gives their names: the task file alone says where the ends are and how they are spoken
/// to. PGPASSFILE stays, and PGPASSWORD for `password: {env: PGPASSWORD}`.
/// Call it before there is a second thread.
std::vector<std::string> ignore_environment();

}  // namespace cutover::postgres
