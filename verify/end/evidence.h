// What an engine offers as evidence: a place in its log, which transactions had written, which
// version of a row it is. Only the engine that gave it can read it. The judge keeps it, compares
// it, hands it back and shows it.
#pragma once

#include <string>
#include <utility>

namespace cutover::verify {

class Evidence {
public:
    Evidence() = default;  ///< nothing was said
    explicit Evidence(std::string bytes) : bytes_(std::move(bytes)) {}

    bool empty() const { return bytes_.empty(); }
    bool operator==(const Evidence&) const = default;
    /// For the engine that gave it.
    const std::string& bytes() const { return bytes_; }
    /// For people: plain text as it is, anything else as hex.
    std::string shown() const;

private:
    std::string bytes_;
};

}  // namespace cutover::verify
