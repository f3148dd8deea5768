#include "migrator/plan/output_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cutover::plan {

namespace fs = std::filesystem;

namespace {

std::string reason_of(int error) {
    return std::generic_category().message(error);
}

constexpr const char* kOtherFolder = "name a folder that this account can make and write in";
constexpr const char* kOtherFile = "name a file in a folder that this account can write in";

/// Makes a file and removes it again: rights alone do not tell (a file system may be read-only).
int try_file_in(const fs::path& folder) {
    std::string name = ((folder.empty() ? "." : folder) / ".cutover-XXXXXX").string();
    const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) {
        return errno;
    }
    ::close(descriptor);
    ::unlink(name.c_str());
    return 0;
}

}  // namespace

model::Error refused_output(const std::string& option, const fs::path& path, const std::string& why,
                            const std::string& remedy) {
    return model::Error(model::ErrorClass::refused, "output.path",
                        fmt::format("{} is `{}`, {}", option, path.string(), why), remedy);
}

OutputKind kind_of_output(const std::string& option, const fs::path& file) {
    std::error_code ignored;
    const bool link = fs::is_symlink(fs::symlink_status(file, ignored));
    const fs::file_status status = fs::status(file, ignored);
    if (fs::is_directory(status)) {
        throw refused_output(option, file, "which is a folder, not a file", kOtherFile);
    }
    const bool stream = fs::exists(status) && !fs::is_regular_file(status);
    const std::string top = file.has_root_path() ? (++file.begin())->string() : "";
    if (link && !(stream && (top == "dev" || top == "proc"))) {
        throw refused_output(option, file, "which is a link; links are not followed",
                             "name the file itself, or leave the option out and redirect the "
                             "output");
    }
    return stream ? OutputKind::stream : OutputKind::file;
}

void require_writable_file(const std::string& option, const fs::path& file) {
    if (kind_of_output(option, file) == OutputKind::stream) {
        return;  // opening it may have an effect
    }
    if (const int error = try_file_in(file.parent_path()); error != 0) {
        throw refused_output(option, file, "which cannot be written: " + reason_of(error),
                             kOtherFile);
    }
}

void make_writable_folder(const std::string& option, const fs::path& folder) {
    std::error_code ignored;
    const fs::file_status status = fs::status(folder, ignored);
    if (fs::exists(status) && !fs::is_directory(status)) {
        throw refused_output(option, folder, "which is a file, not a folder", kOtherFolder);
    }
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw refused_output(option, folder, "which cannot be made: " + error.message(),
                             kOtherFolder);
    }
    if (const int failed = try_file_in(folder); failed != 0) {
        throw refused_output(option, folder,
                             "in which nothing can be written: " + reason_of(failed), kOtherFolder);
    }
}

}  // namespace cutover::plan
