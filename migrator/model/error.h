// The one root of operating errors. The class alone decides what happens next (wait and try again,
// give up, stop at once); nobody parses messages. Findings are values, not errors: model/finding.h.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "migrator/model/side.h"

namespace cutover::model {

/// What may be done about an error.
enum class ErrorClass {
    connection,  ///< the other side is away: retried within the long window
    operation,   ///< a statement failed: retried within the short window
    conflict,    ///< a foreign row is in the way: the plan's conflict rule decides
    refused,     ///< the user must act first; never retried
    corrupt,     ///< a gap, undecodable bytes, a proof that failed: stop now
    stopped,     ///< asked to stop; not a failure
};

std::string_view to_string(ErrorClass error_class);

/// Exit code of a program that ends with an error of this class (0..2 belong to verdicts).
/// connection 10, operation 11, conflict 12, refused 13, corrupt 14, stopped 15.
int exit_code(ErrorClass error_class);

/// An operating error. `code` is a stable, dotted id (`slot.missing`); `message` starts in lower
/// case and names object and value; `hint` says what to do. None of them may hold a secret. Both
/// may quote a server: they become one line each, visible and of a limited length (visible.h).
class Error : public std::runtime_error {
public:
    Error(ErrorClass error_class, std::string code, std::string message, std::string hint = {});

    ErrorClass error_class() const { return error_class_; }
    const std::string& code() const { return code_; }
    const std::string& message() const { return message_; }
    const std::string& hint() const { return hint_; }
    /// The side that it came from; nothing if from neither, or if it passed no seam
    /// (engine/ends.h).
    std::optional<Side> side() const { return side_ == Side::neither ? std::nullopt : side_; }
    /// Says where it came from; who said so first knows best.
    Error& at(Side side) {
        side_ = side_.value_or(side);
        return *this;
    }
    /// True for the classes that a retry window may try again.
    bool may_retry() const {
        return error_class_ == ErrorClass::connection || error_class_ == ErrorClass::operation;
    }

protected:
    /// Text of several lines that is visible already.
    struct Laid {
        std::string text;
    };
    Error(ErrorClass error_class, std::string code, Laid message);

private:
    struct Said {
        std::string message;
        std::string hint;
    };
    Error(ErrorClass error_class, std::string code, Said said);

    ErrorClass error_class_;
    std::string code_;
    std::string message_;
    std::string hint_;
    std::optional<Side> side_;
};

}  // namespace cutover::model
