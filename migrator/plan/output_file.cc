#include "migrator/plan/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "migrator/plan/output_path.h"

namespace cutover::plan {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBuffer = 64 << 10;

}  // namespace

OutputFile::OutputFile(std::string option, fs::path file)
    : option_(std::move(option)), file_(std::move(file)) {
    if (kind_of_output(option_, file_) == OutputKind::stream) {
        descriptor_ = ::open(file_.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
    } else {
        const fs::path folder = file_.has_parent_path() ? file_.parent_path() : ".";
        draft_ = (folder / ("." + file_.filename().string() + ".XXXXXX")).string();
        descriptor_ = ::mkostemp(draft_.data(), O_CLOEXEC);  // mode 0600, and always a new file
    }
    if (descriptor_ < 0) {
        draft_.clear();
        failed("cannot be written", errno);
    }
}

OutputFile::~OutputFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!draft_.empty()) {
        ::unlink(draft_.c_str());
    }
}

void OutputFile::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kBuffer) {
        flush();
    }
}

void OutputFile::flush() {
    std::string_view left = buffer_;
    while (!left.empty()) {
        const ssize_t written = ::write(descriptor_, left.data(), left.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            failed("cannot be written whole", errno);
        }
        left.remove_prefix(static_cast<std::size_t>(written));
    }
    buffer_.clear();
}

void OutputFile::begin_anew() {
    buffer_.clear();
    const bool again = ::ftruncate(descriptor_, 0) == 0 && ::lseek(descriptor_, 0, SEEK_SET) == 0;
    if (!draft_.empty() && !again) {
        failed("cannot be taken back", errno);
    }
}

void OutputFile::commit() {
    flush();
    if (::close(std::exchange(descriptor_, -1)) != 0) {
        failed("cannot be written whole", errno);
    }
    if (!draft_.empty() && ::rename(draft_.c_str(), file_.c_str()) != 0) {
        failed("cannot be put in its place", errno);
    }
    draft_.clear();
}

void OutputFile::failed(const std::string& what, int error) const {
    throw refused_output(option_, file_,
                         "which " + what + ": " + std::generic_category().message(error),
                         "free space on the disk, or name a file elsewhere");
}

void write_file(const std::string& option, const fs::path& file, std::string_view text) {
    OutputFile out(option, file);
    out.write(text);
    out.commit();
}

void make_private_folder(const std::string& option, const fs::path& folder) {
    make_writable_folder(option, folder);
    if (::chmod(folder.c_str(), 0700) != 0) {
        throw refused_output(
            option, folder,
            "which cannot be kept from others: " + std::generic_category().message(errno),
            "name a folder of your own");
    }
}

}  // namespace cutover::plan
