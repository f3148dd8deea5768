#include "verify/run/engines.h"

#include <utility>

#include "migrator/model/error.h"

namespace cutover::verify {

void JudgedEngines::add(const std::string& name, JudgedEngine engine) {
    engines_[name] = std::move(engine);
}

const JudgedEngine& JudgedEngines::at(const std::string& name) const {
    const auto found = engines_.find(name);
    if (found != engines_.end()) {
        return found->second;
    }
    std::string known;
    for (const auto& [known_name, engine] : engines_) {
        known += (known.empty() ? "" : ", ") + known_name;
    }
    throw model::Error(model::ErrorClass::refused, "verify.engine",
                       "verify cannot read the engine `" + name + "`",
                       "it compares pairs of: " + known);
}

}  // namespace cutover::verify
