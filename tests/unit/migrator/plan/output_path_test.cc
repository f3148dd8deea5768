#include "migrator/plan/output_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "migrator/model/error.h"

namespace cutover::plan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OutputPath : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "cutover-output-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        file_ = folder_ / "file";
        std::ofstream(file_) << "what it holds";
    }
    void TearDown() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    /// The message of the refusal; empty if there was none.
    static std::string refusal(const std::function<void()>& work) {
        try {
            work();
        } catch (const model::Error& error) {
            EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
            EXPECT_NE(error.hint(), "");
            return error.message();
        }
        return "";
    }
    static std::string of_file(const fs::path& path) {
        return refusal([&] { require_writable_file("--output", path); });
    }
    static std::string of_folder(const fs::path& path) {
        return refusal([&] { make_writable_folder("--report-dir", path); });
    }

    fs::path folder_;
    fs::path file_;
};

TEST_F(OutputPath, AFileThatCanBeWrittenKeepsWhatItHolds) {
    EXPECT_EQ(of_file(file_), "");
    std::ifstream in(file_);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "what it holds");
}

TEST_F(OutputPath, AFileThatCanBeMadeIsNotMadeYet) {
    EXPECT_EQ(of_file(folder_ / "new"), "");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(OutputPath, AFileWhereThereIsNoFolderIsRefused) {
    EXPECT_EQ(of_file(folder_ / "none" / "new"), "--output is `" + folder_.string() +
                                                     "/none/new`, which cannot be written: No "
                                                     "such file or directory");
    EXPECT_THAT(of_file(file_ / "new"), HasSubstr("Not a directory"));
    EXPECT_THAT(of_file("/proc/new"), HasSubstr("which cannot be written: "));
}

TEST_F(OutputPath, AFolderInsteadOfAFileIsRefused) {
    EXPECT_THAT(of_file(folder_), HasSubstr("which is a folder, not a file"));
}

TEST_F(OutputPath, AFolderIsMadeWithThoseAboveIt) {
    EXPECT_EQ(of_folder(folder_ / "a" / "b"), "");
    EXPECT_TRUE(fs::is_empty(folder_ / "a" / "b"));
    EXPECT_EQ(of_folder(folder_ / "a" / "b"), "");
}

TEST_F(OutputPath, AFileInsteadOfAFolderIsRefused) {
    EXPECT_EQ(of_folder(file_),
              "--report-dir is `" + file_.string() + "`, which is a file, not a folder");
    EXPECT_THAT(of_folder(file_ / "below"), HasSubstr("which cannot be made: Not a directory"));
}

TEST_F(OutputPath, AFolderThatTakesNoFilesIsRefused) {
    EXPECT_THAT(of_folder("/proc"), HasSubstr("in which nothing can be written: "));
}

}  // namespace
}  // namespace cutover::plan
