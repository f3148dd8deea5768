#include "migrator/engine/postgres/session/endpoint_rules.h"

namespace cutover::postgres {

plan::EndpointRules endpoint_rules() {
    plan::EndpointRules rules;
    rules.usual_port = 5432;
    rules.channel_binding = true;
    // The server's methods, in libpq's words.
    rules.login_methods = {"scram-sha-256", "md5", "password", "gss", "none"};
    return rules;
}

}  // namespace cutover::postgres
