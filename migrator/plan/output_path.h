// Where a command has been asked to write. Found out before anything runs: hours of work must not
// end at a path that cannot take their report. Leaves nothing behind but the folder asked for; it
// does not write reports, and a disk that fills up later is the writer's to tell.
#pragma once

#include <filesystem>
#include <string>

namespace cutover::plan {

/// `file` is there and takes writing, or can be made; what it holds stays. `option` is what the
/// user called it: `--output`. Throws: refused, naming option, path and reason.
void require_writable_file(const std::string& option, const std::filesystem::path& file);

/// Makes `folder` with those above it, if it is not there. Throws: refused, as above, also if it
/// takes no files.
void make_writable_folder(const std::string& option, const std::filesystem::path& folder);

}  // namespace cutover::plan
