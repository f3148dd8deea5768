#include "migrator/model/error.h"

#include <utility>

#include "migrator/model/nonsense.h"
#include "migrator/model/visible.h"

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

/// Cut first: what is not shown need not be looked at.
std::string in_one_line(std::string text) {
    if (text.size() > kLongestErrorText) {
        text = shortened(text, kLongestErrorText);
    }
    return visible(unfolded(text));
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

int exit_code(ErrorClass error_class) {
    return 10 + static_cast<int>(error_class);
}

Error::Error(ErrorClass error_class, std::string code, Laid message)
    : std::runtime_error(full_text(code, message.text, "")),
      error_class_(error_class),
      code_(std::move(code)),
      message_(std::move(message.text)) {}

Error::Error(ErrorClass error_class, std::string code, std::string message, std::string hint)
    : Error(error_class, std::move(code),
            Said{in_one_line(std::move(message)), in_one_line(std::move(hint))}) {}

Error::Error(ErrorClass error_class, std::string code, Said said)
    : std::runtime_error(full_text(code, said.message, said.hint)),
      error_class_(error_class),
      code_(std::move(code)),
      message_(std::move(said.message)),
      hint_(std::move(said.hint)) {}

Error nonsense(const std::exception& error) {
    return Error(
        ErrorClass::corrupt, "server.nonsense",
        std::string("the server's answer is none that this program knows: ") + error.what(),
        "see that the endpoint is the server that you mean, and that nobody else has "
        "written into what this program keeps there");
}

}  // namespace cutover::model
