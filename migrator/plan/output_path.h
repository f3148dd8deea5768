// Checks the place where a command has been asked to write, before anything runs: hours of work
// must not end at a path that cannot take their report. Leaves nothing behind but the folder asked
// for. It does not write reports, and does not foresee a disk that fills up later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "migrator/model/error.h"

namespace cutover::plan {

enum class OutputKind : std::uint8_t {
    file,    ///< made anew, whatever is there now
    stream,  ///< a terminal, a pipe, a device: written to directly
};

/// What is at `file`. Throws: refused (a folder; a link, unless it leads to a stream below /dev or
/// /proc, because what it points to may be somebody else's choice).
OutputKind kind_of_output(const std::string& option, const std::filesystem::path& file);

/// Error `output.path`, naming option and path: `--output is "x", WHY`.
model::Error refused_output(const std::string& option, const std::filesystem::path& path,
                            const std::string& why, const std::string& remedy);

/// Checks that `file` can be made, or exists and can be replaced (output_file.h); its contents
/// stay. `option` is what the user called it: `--output`. Throws: refused, naming option, path and
/// reason.
void require_writable_file(const std::string& option, const std::filesystem::path& file);

/// Makes `folder` and those above it if they do not exist. Throws: refused, as above, also if no
/// file can be made in it.
void make_writable_folder(const std::string& option, const std::filesystem::path& folder);

}  // namespace cutover::plan
