// What an engine wants of its end in a task file, declared by the engine itself and known to the
// task file's readers as data only. engine::Registry collects them; endpoint_section reads by them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "migrator/plan/endpoint.h"

namespace cutover::plan {

struct EndpointRules {
    std::uint16_t usual_port = 0;  ///< used where none is written (G200); 0: each end must name one
    bool needs_database = true;    ///< false: an end may be a whole server
    bool needs_user = true;
    std::vector<TlsMode> tls_modes = {TlsMode::disable, TlsMode::prefer, TlsMode::require,
                                      TlsMode::verify_ca, TlsMode::verify_full};
    TlsMode usual_tls = TlsMode::prefer;
    bool needs_ca = true;          ///< a verifying mode trusts only a named file
    bool channel_binding = false;  ///< the login can be tied to TLS: the key `tls.channel_binding`
    /// What the key `require_auth` may name; empty: there is no such key.
    std::vector<std::string> login_methods = {};
};

/// By the engine's name in a task file.
using EngineRules = std::map<std::string, EndpointRules>;

}  // namespace cutover::plan
