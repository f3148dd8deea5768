// A string that does not print. `reveal()` is for the one place that opens the connection.
#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace cutover::model {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    bool empty() const { return value_.empty(); }
    const std::string& reveal() const { return value_; }

    friend std::ostream& operator<<(std::ostream& out, const Secret& secret) {
        return out << (secret.empty() ? "(none)" : "********");
    }

private:
    std::string value_;
};

}  // namespace cutover::model
