#include "migrator/plan/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "migrator/model/error.h"
#include "migrator/plan/output_path.h"
#include "tests/support/temporary_folder.h"

namespace cutover::plan {
namespace {

namespace fs = std::filesystem;

constexpr fs::perms kOwnersOnly = fs::perms::owner_read | fs::perms::owner_write;

class OutputFileTest : public testing::Test {
protected:
    static std::string contents(const fs::path& file) {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::ptrdiff_t files() const {
        return std::distance(fs::directory_iterator(folder_.path()), {});
    }

    tests::TemporaryFolder folder_;
    fs::path file_ = folder_ / "report.html";
};

TEST_F(OutputFileTest, IsItsOwnersOnlyWhateverTheMaskSays) {
    const mode_t before = ::umask(0);
    write_file("--output", file_, "rows");
    ::umask(before);
    EXPECT_EQ(fs::status(file_).permissions(), kOwnersOnly);
    EXPECT_EQ(contents(file_), "rows");
    EXPECT_EQ(files(), 1);
}

TEST_F(OutputFileTest, DoesNotInheritTheModeOfAnOlderFile) {
    std::ofstream(file_) << "an older and longer report";
    fs::permissions(file_, fs::perms(0666));
    const std::ifstream reader(file_);  // somebody has it open already
    write_file("--output", file_, "rows");
    EXPECT_EQ(fs::status(file_).permissions(), kOwnersOnly);
    EXPECT_EQ(contents(file_), "rows");
}

TEST_F(OutputFileTest, FollowsNoLink) {
    const fs::path other = folder_ / "other";
    std::ofstream(other) << "somebody's";
    for (const fs::path& target : {other, folder_ / "nowhere"}) {
        fs::create_symlink(target, file_);
        EXPECT_THROW(require_writable_file("--output", file_), model::Error);
        EXPECT_THROW(write_file("--output", file_, "rows"), model::Error);
        fs::remove(file_);
    }
    EXPECT_EQ(contents(other), "somebody's");
    EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
}

TEST_F(OutputFileTest, ReplacesALinkThatIsPutThereLater) {
    const fs::path other = folder_ / "other";
    std::ofstream(other) << "somebody's";
    OutputFile out("--output", file_);
    out.write("rows");
    fs::create_symlink(other, file_);
    out.commit();
    EXPECT_EQ(contents(other), "somebody's");
    EXPECT_FALSE(fs::is_symlink(file_));
}

TEST_F(OutputFileTest, LeavesWhatWasThereIfItIsNotBroughtToItsEnd) {
    std::ofstream(file_) << "the last report";
    {
        OutputFile out("--output", file_);
        out.write(std::string(1 << 20, 'x'));
    }
    EXPECT_EQ(contents(file_), "the last report");
    EXPECT_EQ(files(), 1);
}

TEST_F(OutputFileTest, TakesBackWhatWasWritten) {
    OutputFile out("--output", file_);
    out.write(std::string(1 << 20, 'x'));
    out.begin_anew();
    out.write("rows");
    out.commit();
    EXPECT_EQ(contents(file_), "rows");
}

TEST_F(OutputFileTest, WritesToAPipeAsItIs) {
    const fs::path pipe = folder_ / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::fstream reader(pipe);  // both ends: nobody waits
    write_file("--output", pipe, "rows\n");
    std::string line;
    std::getline(reader, line);
    EXPECT_EQ(line, "rows");
    EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(OutputFileTest, TellsADiskThatIsFull) {
    try {
        write_file("--output", "/dev/full", "rows");
        FAIL() << "it took them";
    } catch (const model::Error& error) {
        EXPECT_THAT(error.message(), testing::HasSubstr("--output is `/dev/full`"));
        EXPECT_THAT(error.message(), testing::HasSubstr("No space left"));
    }
}

TEST_F(OutputFileTest, KeepsAFolderFromOthers) {
    fs::create_directory(folder_ / "reports");
    make_private_folder("--report-dir", folder_ / "reports");
    EXPECT_EQ(fs::status(folder_ / "reports").permissions(), fs::perms::owner_all);
}

}  // namespace
}  // namespace cutover::plan
