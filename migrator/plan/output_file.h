// A file of the user's choice that a command fills: a report, repair statements, a record. It may
// hold rows of a production database, so it is made for its owner only, beside its place and under
// a name that nobody can foresee, and put there whole: no link is followed, no older file's mode is
// kept, and a run that fails leaves what was there. The one way in which the program writes files
// that stay.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace cutover::plan {

/// One thread at a time.
class OutputFile {
public:
    /// `option` is what the user called it. A terminal or a pipe is written to as it is.
    /// Throws: refused `output.path`.
    OutputFile(std::string option, std::filesystem::path file);
    /// Without commit(): as if it had never been.
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    /// Throws: refused `output.path` (the disk does not take it).
    void write(std::string_view text);
    /// Takes back what was written; to a terminal or a pipe it has been said. Throws: as write().
    void begin_anew();
    /// Puts the file in its place. Throws: refused `output.path`.
    void commit();

private:
    void flush();
    [[noreturn]] void failed(const std::string& what, int error) const;

    const std::string option_;
    const std::filesystem::path file_;
    std::string draft_;   ///< empty: written to as it is
    std::string buffer_;  ///< not yet given to the system
    int descriptor_ = -1;
};

/// A whole file in one go. Throws: as OutputFile.
void write_file(const std::string& option, const std::filesystem::path& file,
                std::string_view text);

/// Makes `folder`, with those above it, for its owner only; an older one becomes so.
/// Throws: refused `output.path`.
void make_private_folder(const std::string& option, const std::filesystem::path& folder);

}  // namespace cutover::plan
