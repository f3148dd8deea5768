// One end of a task as the user named it: where it is, which account, how it is encrypted. Holds
// the secret, prints without it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "migrator/model/secret.h"

namespace cutover::plan {

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};

enum class TlsMode : std::uint8_t { disable, prefer, require, verify_ca, verify_full };
/// Their names in a task file, which are libpq's; the index is the mode.
inline constexpr std::array<const char*, 5> kTlsModes = {"disable", "prefer", "require",
                                                         "verify-ca", "verify-full"};
inline const char* to_string(TlsMode mode) {
    return kTlsModes[static_cast<std::size_t>(mode)];
}

/// Whether the login is tied to the TLS connection it goes through, so that nobody in between can
/// pass it on. The names are libpq's.
enum class ChannelBinding : std::uint8_t { disable, prefer, require };
inline constexpr std::array<const char*, 3> kChannelBindings = {"disable", "prefer", "require"};
inline const char* to_string(ChannelBinding binding) {
    return kChannelBindings[static_cast<std::size_t>(binding)];
}

struct Endpoint {
    std::string engine;           ///< name in the engine registry: `postgres`, `memory`
    std::vector<HostPort> hosts;  ///< all servers that may be the primary; the writable one is used
    std::string database;
    std::string user;
    model::Secret password;  ///< empty: found by the engine's own means (~/.pgpass)
    TlsMode tls = TlsMode::prefer;
    std::string tls_ca_file;
    std::string tls_certificate_file;
    std::string tls_key_file;
    ChannelBinding channel_binding = ChannelBinding::prefer;
    /// The only method of logging in that may be used, in the engine's words; empty: any method
    /// that does not send the password in clear without TLS.
    std::string require_auth;

    /// `postgres://user@host:port,host:port/database`, without secrets.
    std::string display() const;
};

}  // namespace cutover::plan
