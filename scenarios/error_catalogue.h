// Every code that an error, a finding or a problem of the program carries, with what it means and
// what to do: errors.yaml, compiled in. Knows nothing of a run; explain.h prints it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cutover::scenarios {

struct ErrorEntry {
    std::string code;  ///< words in capitals stand for what is put in at run time
    /// Of model::ErrorClass, or `finding`, `problem`, `answer`; at least one.
    std::vector<std::string> classes;
    std::string meaning;
    std::string remedy;
    std::optional<int> exit;            ///< where it does not follow from the class
    std::vector<std::string> found_by;  ///< findings that say it before the start
};

/// The exit code of a program that ends by this. Two of a finding that blocks: of `precheck`, of
/// `migrate`.
std::vector<int> exit_codes(const ErrorEntry& entry, std::string_view of_class);

class ErrorCatalogue {
public:
    /// `text` is YAML as in errors.yaml. Throws: plan::FileError.
    explicit ErrorCatalogue(const std::string& text);

    /// In the order of the file.
    const std::vector<ErrorEntry>& entries() const { return entries_; }
    /// Of `postgres.23505`: the entry of its family, with this code and the class that it has.
    std::optional<ErrorEntry> find(std::string_view code) const;
    /// The code that was probably meant; empty if none is near.
    std::string nearest(std::string_view code) const;

private:
    std::vector<ErrorEntry> entries_;
};

/// The program's own. Throws: nothing that a test has not seen.
const ErrorCatalogue& error_catalogue();

}  // namespace cutover::scenarios
