// Where a command has been asked to write. Found out before anything runs: hours of work must not
// end at a path that cannot take their report. Leaves nothing behind but the folder asked for; it
// does not write reports, and a disk that fills up later is the writer's to tell.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "migrator/model/error.h"

namespace cutover::plan {

enum class OutputKind : std::uint8_t {
    file,    ///< made anew, whatever is there now
    stream,  ///< a terminal, a pipe, a device: written to as it is
};

/// What stands at `file`. Throws: refused (a folder; a link, but to a stream below /dev or /proc:
/// what it points to may be somebody else's choice).
OutputKind kind_of_output(const std::string& option, const std::filesystem::path& file);

/// `output.path`, naming option and path: `--output is "x", WHY`.
model::Error refused_output(const std::string& option, const std::filesystem::path& path,
                            const std::string& why, const std::string& remedy);

/// `file` can be made, or is there and can be replaced (output_file.h); what it holds stays.
/// `option` is what the user called it: `--output`. Throws: refused, naming option, path and
/// reason.
void require_writable_file(const std::string& option, const std::filesystem::path& file);

/// Makes `folder` with those above it, if it is not there. Throws: refused, as above, also if it
/// takes no files.
void make_writable_folder(const std::string& option, const std::filesystem::path& folder);

}  // namespace cutover::plan
