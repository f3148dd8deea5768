#include "tests/unit/migrator/precheck/refusals.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace cutover::precheck {
namespace {

using testing::IsEmpty;

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// All C++ sources under a folder of the repository, where tests run.
std::string sources(const std::filesystem::path& folder) {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string extension = entry.path().extension().string();
        if (extension == ".cc" || extension == ".h") {
            all += text_of(entry.path());
        }
    }
    return all;
}

/// Whitespace of any kind and length as one blank.
std::string on_one_line(const std::string& text) {
    std::string out;
    for (const char letter : text) {
        const bool blank = std::isspace(static_cast<unsigned char>(letter)) != 0;
        if (!blank || out.empty() || out.back() != ' ') {
            out += blank ? ' ' : letter;
        }
    }
    return out;
}

/// Where refusals are made: by the class itself, or by a helper that takes the code.
constexpr std::string_view kMakers[] = {"ErrorClass::refused", " refuse(", "value_refused("};

/// `kName = "code"`, of the name that `text` begins with.
std::string constant(const std::string& text, const std::string& all) {
    static const std::regex kName("^[^;\"]*?(k[A-Z]\\w+)");
    std::smatch name;
    if (!std::regex_search(text, name, kName)) {
        return "";
    }
    const std::string definition = name[1].str() + " = \"";
    const std::size_t at = all.find(definition);
    const std::size_t from = at + definition.size();
    return at == std::string::npos ? "" : all.substr(from, all.find('"', from) - from);
}

/// What stands between the maker and the end of the statement, and looks like a code.
std::set<std::string> codes_thrown(const std::string& text) {
    constexpr std::size_t kMost = 160;
    static const std::regex kCode("\"([a-z_]+\\.[a-z_]+)\"");
    std::set<std::string> codes;
    for (const std::string_view maker : kMakers) {
        for (std::size_t at = text.find(maker); at != std::string::npos;
             at = text.find(maker, at + 1)) {
            const std::string rest = text.substr(at, std::min(kMost, text.find(';', at) - at));
            for (std::sregex_iterator code(rest.begin(), rest.end(), kCode), end; code != end;
                 ++code) {
                codes.insert((*code)[1]);
            }
            codes.insert(constant(rest, text));
        }
    }
    codes.erase("");
    return codes;
}

std::set<std::string> codes_listed() {
    std::set<std::string> codes;
    for (const Refusal& refusal : kRefusals) {
        codes.insert(std::string(refusal.code));
    }
    return codes;
}

std::set<std::string> without(std::set<std::string> of, const std::set<std::string>& these) {
    std::erase_if(of, [&](const std::string& code) { return these.contains(code); });
    return of;
}

TEST(Refusals, AreAllListed) {
    // The other half of two codes in one expression, and what a proof that fails is called.
    const std::set<std::string> others = {"task.lock_lost", "postgres.unreachable", "slot.gap",
                                          "source.behind"};
    const std::set<std::string> thrown = codes_thrown(sources("migrator"));
    EXPECT_GT(thrown.size(), 40U);
    EXPECT_THAT(without(without(thrown, codes_listed()), others), IsEmpty())
        << "put them into refusals.h: which question finds them before the start, or why none can";
    EXPECT_THAT(without(codes_listed(), thrown), IsEmpty()) << "nothing throws these any more";
    EXPECT_EQ(codes_listed().size(), std::size(kRefusals));
}

/// A new helper that takes the code would hide what it is called with.
TEST(Refusals, AreMadeByKnownHelpersOnly) {
    const std::string all = on_one_line(sources("migrator"));
    constexpr std::string_view kTakesTheCode = "ErrorClass::refused, code";
    std::size_t helpers = 0;
    for (std::size_t at = all.find(kTakesTheCode); at != std::string::npos;
         at = all.find(kTakesTheCode, at + 1)) {
        ++helpers;
    }
    EXPECT_EQ(helpers, std::size(kMakers) - 1) << "name it in kMakers";
}

TEST(Refusals, OfTheStartAreFoundByAQuestion) {
    const std::string migrator = sources("migrator");
    for (const Refusal& refusal : kRefusals) {
        if (refusal.met == Met::at_start) {
            EXPECT_TRUE(!refusal.found_by.empty() || !refusal.why.empty()) << refusal.code;
        } else {
            EXPECT_FALSE(refusal.why.empty()) << refusal.code;
        }
        std::istringstream findings{std::string(refusal.found_by)};
        for (std::string finding; findings >> finding;) {
            // `destination.triggers` may be put together of its two halves.
            const std::string whole = "\"" + finding + "\"";
            const std::string half = "\"" + finding.substr(finding.find('.') + 1) + "\"";
            EXPECT_TRUE(migrator.find(whole) != std::string::npos ||
                        migrator.find(half) != std::string::npos)
                << refusal.code << " is found by " << finding << ", which no question says";
        }
    }
}

TEST(Refusals, AreShownByTestsThatExist) {
    const std::string tests = on_one_line(sources("tests"));
    for (const Refusal& refusal : kRefusals) {
        if (refusal.shown_by.empty()) {
            EXPECT_FALSE(refusal.why.empty()) << refusal.code;
            continue;
        }
        const std::size_t dot = refusal.shown_by.find('.');
        const std::string test = "(" + std::string(refusal.shown_by.substr(0, dot)) + ", " +
                                 std::string(refusal.shown_by.substr(dot + 1)) + ") {";
        EXPECT_NE(tests.find(test), std::string::npos) << refusal.code << ": " << refusal.shown_by;
    }
}

TEST(Refusals, AreReadFromWhateverFormTheyAreWrittenIn) {
    EXPECT_THAT(
        codes_thrown("throw Error(ErrorClass::refused, \"a.b\", \"text c.d\");"
                     "Error(model::ErrorClass::refused, x ? \"e.f\" : \"g.h\", m);"
                     "Error(ErrorClass::corrupt, \"i.j\", m);"
                     "constexpr const char* kName = \"m.n\"; Error(ErrorClass::refused, kName, m);"
                     "value_refused(error, \"o.p\", table);"
                     "Error(lost ? ErrorClass::connection : ErrorClass::refused,\n \"k.l\")"),
        testing::ElementsAre("a.b", "e.f", "g.h", "k.l", "m.n", "o.p"));
}

}  // namespace
}  // namespace cutover::precheck
