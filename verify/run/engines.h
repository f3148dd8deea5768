// What the judge has of each engine, by the engine's name: the one table that a run looks into. It
// knows no engine itself; known_engines.h and tests fill it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "migrator/plan/endpoint.h"
#include "verify/end/end.h"
#include "verify/report/repair_dialect.h"

namespace cutover::verify {

struct JudgedEngine {
    /// A new session. A statement waits so long for what others have locked, then fails.
    /// Throws: connection, refused.
    std::function<std::unique_ptr<End>(const plan::Endpoint&, std::chrono::seconds lock_wait)> open;
    const RepairDialect* repair = nullptr;  ///< null: nobody writes repair statements for it
};

class JudgedEngines {
public:
    void add(const std::string& name, JudgedEngine engine);
    /// Throws: refused `verify.engine`, naming the engines that there are.
    const JudgedEngine& at(const std::string& name) const;

private:
    std::map<std::string, JudgedEngine> engines_;
};

}  // namespace cutover::verify
