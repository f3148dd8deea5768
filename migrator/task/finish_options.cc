#include "migrator/task/finish_options.h"

#include <charconv>
#include <sstream>

#include "migrator/model/error.h"

namespace cutover::task {

using model::Error;
using model::ErrorClass;

namespace {

Error not_understood(const std::string& part) {
    return Error(ErrorClass::refused, "finish.argument",
                 "cannot read the option '" + part + "' of finish",
                 "use the `cutover finish` of the version that runs the task");
}

std::chrono::milliseconds read_number(const std::string& part, std::string_view text) {
    std::uint32_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
        throw not_understood(part);
    }
    return std::chrono::milliseconds(value);
}

std::string number(flow::Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

std::string to_argument(const FinishOptions& options) {
    return "wait_ms=" + number(options.wait) + ",quiet_ms=" + number(options.quiet) +
           (options.fence_source ? ",fence_source" : "");
}

FinishOptions read_finish_options(const std::string& argument) {
    FinishOptions options;
    std::istringstream parts(argument);
    for (std::string part; std::getline(parts, part, ',');) {
        const std::size_t equals = std::min(part.find('='), part.size());
        const std::string name = part.substr(0, equals);
        const std::string value = part.substr(std::min(equals + 1, part.size()));
        if (name == "wait_ms") {
            options.wait = read_number(part, value);
        } else if (name == "quiet_ms") {
            options.quiet = read_number(part, value);
        } else if (part == "fence_source") {
            options.fence_source = true;
        } else {
            throw not_understood(part);
        }
    }
    if (options.quiet == flow::Duration(0) && !options.fence_source) {
        throw Error(ErrorClass::refused, "finish.no_proof",
                    "without a fence, --quiet-seconds 0 would leave nothing to show that nobody "
                    "writes to the source",
                    "give it some seconds, or add --fence-source");
    }
    return options;
}

}  // namespace cutover::task
