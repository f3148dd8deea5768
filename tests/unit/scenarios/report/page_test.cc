// A real browser opens the page from disk: it must show the verdict and the plot, and have nothing
// to say on its console. Skipped aloud where there is no Chromium; with CUTOVER_REQUIRE_BROWSER=1
// it fails instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenarios/report/report.h"
#include "tests/support/sample_evidence.h"
#include "tests/support/temporary_folder.h"

namespace cutover::scenarios::report {
namespace {

using testing::HasSubstr;

std::string browser() {
    for (const char* path :
         {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"}) {
        if (std::filesystem::exists(path)) {
            return path;
        }
    }
    return "";
}

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

struct Seen {
    std::string page;     ///< the document after the script has run
    std::string console;  ///< lines of the page's own console
};

class ReportPage : public testing::Test {
protected:
    void SetUp() override {
        if (browser().empty()) {
            if (std::getenv("CUTOVER_REQUIRE_BROWSER") != nullptr) {
                FAIL() << "no Chromium; scripts/install tests brings one";
            }
            GTEST_SKIP() << "no Chromium; scripts/install tests brings one";
        }
    }

    Seen open(const std::string& html) {
        const auto page = folder_ / "report.html";
        std::ofstream(page, std::ios::binary) << html;
        const std::string command =
            browser() +
            " --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
            "--disable-dev-shm-usage"
            " --disable-background-networking --disable-component-update --disable-sync"
            " --user-data-dir=" +
            (folder_ / "profile").string() +
            " --enable-logging=stderr --v=0 --virtual-time-budget=2000 --dump-dom file://" +
            page.string() + " >" + (folder_ / "dom").string() + " 2>" + (folder_ / "log").string();
        EXPECT_EQ(std::system(command.c_str()), 0) << contents(folder_ / "log");
        Seen seen{contents(folder_ / "dom"), ""};
        std::istringstream log(contents(folder_ / "log"));
        for (std::string line; std::getline(log, line);) {
            if (line.find("CONSOLE") != std::string::npos) {
                seen.console += line + "\n";
            }
        }
        return seen;
    }

private:
    const tests::TemporaryFolder folder_;
};

TEST_F(ReportPage, ShowsVerdictAndPlotWithAnEmptyConsole) {
    const Seen seen = open(html_report(tests::survived_rehearsal()));
    EXPECT_THAT(seen.page, HasSubstr("✓ GO"));
    EXPECT_THAT(seen.page, HasSubstr("<svg class=\"timeline\""));
    EXPECT_THAT(seen.page, HasSubstr("<g class=\"lag\"><path"));
    EXPECT_EQ(seen.console, "");
}

TEST_F(ReportPage, NoticesAnErrorOnTheConsole) {
    std::string broken = html_report(tests::survived_rehearsal());
    const std::size_t script = broken.find("</script>");
    broken.insert(script, ";nowhere.at.all();");
    EXPECT_THAT(open(broken).console, HasSubstr("nowhere"));
}

TEST_F(ReportPage, RunsNoScriptThatIsNotItsOwn) {
    std::string page = html_report(tests::survived_rehearsal());
    page.replace(page.find("</body>"), 7,
                 "<p id=\"smuggled\"></p><script>document.getElementById('smuggled').textContent = "
                 "'it ran';</script><img src=\"x\" onerror=\"document.title = 'it ran'\"></body>");
    const Seen seen = open(page);
    EXPECT_THAT(seen.page, HasSubstr("<p id=\"smuggled\"></p>"));
    EXPECT_THAT(seen.page, HasSubstr("<title>✓ GO"));
    EXPECT_THAT(seen.page, HasSubstr("<g class=\"lag\"><path"));  // our own has run
    EXPECT_THAT(seen.console, HasSubstr("Content Security Policy"));
}

TEST_F(ReportPage, OpensWithoutAnythingToShow) {
    const Seen seen = open(html_report(Evidence()));
    EXPECT_THAT(seen.page, HasSubstr("COULD NOT TELL"));
    EXPECT_EQ(seen.console, "");
}

}  // namespace
}  // namespace cutover::scenarios::report
