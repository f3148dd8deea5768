// A file of the user's choice that a command fills: a report, repair statements, a record. It may
// contain rows of a production database. So it is made for its owner only, beside its place and
// under a name that nobody can foresee, and moved to its place when it is complete: no link is
// followed, no older file's mode is kept, and a run that fails leaves the old file as it was. The
// program writes files that stay in no other way.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace cutover::plan {

/// For one thread at a time.
class OutputFile {
public:
    /// `option` is what the user called it. A terminal or a pipe is written to directly. Throws:
    /// refused `output.path`.
    OutputFile(std::string option, std::filesystem::path file);
    /// Without commit(), leaves no trace of the file.
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    /// Throws: refused `output.path` (the disk does not take the text).
    void write(std::string_view text);
    /// Takes back what was written; what has gone to a terminal or a pipe stays. Throws: like
    /// write().
    void begin_anew();
    /// Puts the file in its place. Throws: refused `output.path`.
    void commit();

private:
    void flush();
    [[noreturn]] void failed(const std::string& what, int error) const;

    const std::string option_;
    const std::filesystem::path file_;
    std::string draft_;   ///< empty: the file is written directly
    std::string buffer_;  ///< not yet given to the system
    int descriptor_ = -1;
};

/// Writes a whole file at once. Throws: like OutputFile.
void write_file(const std::string& option, const std::filesystem::path& file,
                std::string_view text);

/// Makes `folder` and those above it, for its owner only; changes the mode of a folder that exists.
/// Throws: refused `output.path`.
void make_private_folder(const std::string& option, const std::filesystem::path& folder);

}  // namespace cutover::plan
