// A YAML text as a plain tree in which every key and value knows its line and column, and the list
// of what is wrong with it. Made from a file's bytes; read by the sections of the task file and by
// any other reader of hand-written YAML. It knows no keys and no meanings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/error.h"

namespace cutover::plan {

/// A place in a file; both count from 1, 0 = the file as a whole.
struct Place {
    int line = 0;
    int column = 0;
};

struct Entry;

/// A value of the document. Scalars are texts; the reader decides what type a text is.
struct Node {
    enum class Kind { empty, scalar, list, map };

    Kind kind = Kind::empty;
    Place place;
    std::string text;            ///< of a scalar
    std::vector<Node> items;     ///< of a list
    std::vector<Entry> entries;  ///< of a map, in the file's order, each key once
};

struct Entry {
    std::string key;
    Place place;  ///< of the key
    Node value;
};

/// One thing that is wrong with a file.
struct Problem {
    Place place;
    std::string code;     ///< stable: `task_file.unknown_key`
    std::string message;  ///< names the key and the value; never the value of a secret
    std::string remedy;
};

/// A file that cannot be used, with all its problems at once. The program ends with kBadUsage.
class FileError : public model::Error {
public:
    FileError(const std::string& file, std::vector<Problem> problems);
    const std::vector<Problem>& problems() const { return problems_; }

private:
    std::vector<Problem> problems_;
};

/// Exit code for a command line or a file that cannot be used.
inline constexpr int kBadUsage = 3;

/// Collects what is wrong, so that one run reports everything.
class Problems {
public:
    /// `file` is the name shown to the user.
    explicit Problems(std::string file) : file_(std::move(file)) {}

    void add(Place place, std::string code, std::string message, std::string remedy);
    const std::string& file() const { return file_; }
    std::size_t count() const { return problems_.size(); }
    /// Throws FileError with everything collected, in the order of the file.
    void throw_if_any();

private:
    std::string file_;
    std::vector<Problem> problems_;
};

/// Parses one YAML document. Duplicate keys, keys that are not texts, several documents and trees
/// beyond any sensible size (aliases included) become problems. Throws: FileError if there is no
/// tree at all.
Node parse_document(const std::string& text, Problems& problems);

}  // namespace cutover::plan
