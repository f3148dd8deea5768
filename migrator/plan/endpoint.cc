#include "migrator/plan/endpoint.h"

namespace cutover::plan {

std::string Endpoint::display() const {
    std::string text = engine + "://" + user + "@";
    for (std::size_t at = 0; at < hosts.size(); ++at) {
        text += (at == 0 ? "" : ",") + hosts[at].host + ":" + std::to_string(hosts[at].port);
    }
    return text + "/" + database;
}

}  // namespace cutover::plan
