#include "migrator/plan/output_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "migrator/model/error.h"

namespace cutover::plan {

namespace fs = std::filesystem;

namespace {

model::Error refused(const std::string& option, const fs::path& path, const std::string& why,
                     const std::string& remedy) {
    return model::Error(model::ErrorClass::refused, "output.path",
                        fmt::format("{} is `{}`, {}", option, path.string(), why), remedy);
}

std::string reason_of(int error) {
    return std::generic_category().message(error);
}

constexpr const char* kOtherFolder = "name a folder that this account can make and write in";
constexpr const char* kOtherFile = "name a file in a folder that this account can write in";

/// Makes a file and removes it: rights alone do not tell (a file system may be read-only).
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

void require_writable_file(const std::string& option, const fs::path& file) {
    std::error_code ignored;
    const fs::file_status status = fs::status(file, ignored);
    if (fs::is_directory(status)) {
        throw refused(option, file, "which is a folder, not a file", kOtherFile);
    }
    if (fs::exists(status) && !fs::is_regular_file(status)) {
        return;  // a terminal, a pipe: to open it may have an effect
    }
    int error = 0;
    if (fs::exists(status)) {
        const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
        error = descriptor < 0 ? errno : ::close(descriptor);
    } else {
        error = try_file_in(file.parent_path());
    }
    if (error != 0) {
        throw refused(option, file, "which cannot be written: " + reason_of(error), kOtherFile);
    }
}

void make_writable_folder(const std::string& option, const fs::path& folder) {
    std::error_code ignored;
    const fs::file_status status = fs::status(folder, ignored);
    if (fs::exists(status) && !fs::is_directory(status)) {
        throw refused(option, folder, "which is a file, not a folder", kOtherFolder);
    }
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw refused(option, folder, "which cannot be made: " + error.message(), kOtherFolder);
    }
    if (const int failed = try_file_in(folder); failed != 0) {
        throw refused(option, folder, "in which nothing can be written: " + reason_of(failed),
                      kOtherFolder);
    }
}

}  // namespace cutover::plan
