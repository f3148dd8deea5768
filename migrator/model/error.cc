#include "migrator/model/error.h"

#include <utility>

namespace cutover::model {

namespace {

std::string full_text(const std::string& code, const std::string& message,
                      const std::string& hint) {
    std::string text = message + " [" + code + "]";
    if (!hint.empty()) {
        text += "\nhint: " + hint;
    }
    return text;
}

}  // namespace

std::string_view to_string(ErrorClass error_class) {
    switch (error_class) {
        case ErrorClass::connection:
            return "connection";
        case ErrorClass::operation:
            return "operation";
        case ErrorClass::conflict:
            return "conflict";
        case ErrorClass::refused:
            return "refused";
        case ErrorClass::corrupt:
            return "corrupt";
        case ErrorClass::stopped:
            return "stopped";
    }
    return "unknown";
}

std::string_view to_string(End end) {
    switch (end) {
        case End::source:
            return "source";
        case End::destination:
            return "destination";
        case End::neither:
            return "neither";
    }
    return "unknown";
}

int exit_code(ErrorClass error_class) {
    return 10 + static_cast<int>(error_class);
}

Error::Error(ErrorClass error_class, std::string code, std::string message, std::string hint)
    : std::runtime_error(full_text(code, message, hint)),
      error_class_(error_class),
      code_(std::move(code)),
      message_(std::move(message)),
      hint_(std::move(hint)) {}

}  // namespace cutover::model
