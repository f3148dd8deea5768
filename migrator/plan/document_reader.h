// Reads one map of a document: typed values with ranges, every mistake reported with its place, an
// unknown key with the known key that is nearest. Used by the sections of the task file; it never
// throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrator/plan/document.h"

namespace cutover::plan {

/// The known word that was probably meant (by edit distance); empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string_view>& known);

/// Must not outlive the node and the problems that it was given. Wrong values are reported and then
/// read as if they were absent.
class DocumentReader {
public:
    /// `path` names the map in messages (`source.tls`, empty for the whole file); every key outside
    /// `known` is reported as unknown. A null or empty node reads like a map without keys.
    DocumentReader(const Node* node, std::string path, std::vector<std::string_view> known,
                   Problems& problems);

    const Node* find(std::string_view key) const;
    bool has(std::string_view key) const { return find(key) != nullptr; }
    /// The place of the key's value, or of the map itself.
    Place place(std::string_view key) const;
    /// `source.tls.mode`, for messages.
    std::string path(std::string_view key) const;

    std::optional<std::string> text(std::string_view key) const;
    /// Like text(), but reports an absent key as missing.
    std::string required_text(std::string_view key, const std::string& remedy) const;
    std::optional<std::uint64_t> whole(std::string_view key, std::uint64_t least,
                                       std::uint64_t most) const;
    /// A number that may have decimals.
    std::optional<double> decimal(std::string_view key, double least, double most) const;
    /// Index into `choices`.
    std::optional<std::size_t> choice(std::string_view key,
                                      const std::vector<std::string_view>& choices) const;
    /// A list of texts (a single text stands for a list of one), with their places.
    std::vector<std::pair<std::string, Place>> texts(std::string_view key) const;
    /// A map whose keys are names chosen by the user; empty if absent.
    const std::vector<Entry>& entries(std::string_view key) const;

    void problem(std::string_view key, std::string code, std::string message,
                 std::string remedy) const;

private:
    void tell_unknown(const Entry& entry) const;

    const Node* node_;
    Place place_;
    std::string path_;
    std::vector<std::string_view> known_;
    Problems& problems_;
};

}  // namespace cutover::plan
