// What the judge has for each engine, by the engine's name: the only table that a run looks into.
// It knows no engine itself; known_engines.h and tests fill it.
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
    /// Opens a new session. A statement waits up to `lock_wait` for what others have locked, then
    /// fails. Throws: connection, refused.
    std::function<std::unique_ptr<End>(const plan::Endpoint&, std::chrono::seconds lock_wait)> open;
    const RepairDialect* repair = nullptr;  ///< null: no repair statements can be written for it
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
