#include "scenarios/fault/fault.h"

#include "migrator/model/check.h"

namespace cutover::scenarios {

namespace {

const FaultKind* find_kind(const std::string& name) {
    for (const FaultKind* kind : fault_kinds()) {
        if (kind->name == name) {
            return kind;
        }
    }
    return nullptr;
}

}  // namespace

std::vector<const FaultKind*> fault_kinds() {
    std::vector<const FaultKind*> out;
    for (const auto kinds : {migrator_faults(), cutover_steps(), server_faults(), link_faults()}) {
        for (const FaultKind& kind : kinds) {
            out.push_back(&kind);
        }
    }
    return out;
}

std::string fault_mistake(const Step& step) {
    const FaultKind* kind = find_kind(step.action);
    if (kind == nullptr) {
        std::vector<std::string_view> known;
        for (const FaultKind* other : fault_kinds()) {
            known.push_back(other->name);
        }
        return "there is no action " + unknown_word(step.action, known);
    }
    return parameter_mistake(step.action, kind->parameters, step.with);
}

std::unique_ptr<Fault> make_fault(const Step& step) {
    const FaultKind* kind = find_kind(step.action);
    CUTOVER_CHECK(kind != nullptr);
    return kind->make(Parameters(step.with));
}

}  // namespace cutover::scenarios
