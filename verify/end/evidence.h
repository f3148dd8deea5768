// What an engine says as evidence: a place in its log, who had written, which version of a row it
// is. Only the engine that said it can read it. The judge keeps it, tells it from another, hands it
// back and shows it.
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
    /// For the engine that said it.
    const std::string& bytes() const { return bytes_; }
    /// For people: as it is where it is plain text, else as hex.
    std::string shown() const;

private:
    std::string bytes_;
};

}  // namespace cutover::verify
