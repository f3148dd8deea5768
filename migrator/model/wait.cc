#include "migrator/model/wait.h"

namespace cutover::model {

std::string to_text(const Holder& holder) {
    std::string text = holder.kind + (holder.id.empty() ? "" : " " + holder.id);
    if (!holder.application.empty()) {
        text += " ('" + holder.application + "')";
    }
    return holder.open_for ? text + ", its transaction open for " +
                                 std::to_string(holder.open_for->count()) + " s"
                           : text;
}

std::string to_text(const std::vector<Holder>& holders) {
    std::string text;
    for (const Holder& holder : holders) {
        text += (text.empty() ? "" : "; ") + to_text(holder);
    }
    return text;
}

}  // namespace cutover::model
