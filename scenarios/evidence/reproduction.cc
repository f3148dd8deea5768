#include "scenarios/evidence/reproduction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace cutover::scenarios {

namespace fs = std::filesystem;

namespace {

/// `text` as one word for a shell.
std::string shell_word(const std::string& text) {
    const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("_-./:@%+=,").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (plain) {
        return text;
    }
    std::string word = "'";
    for (const char c : text) {
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return word + "'";
}

fs::path normal(const fs::path& path) {
    const fs::path whole = fs::absolute(path).lexically_normal();
    return whole.has_filename() ? whole : whole.parent_path();
}

}  // namespace

std::string reproduction_of(const std::string& scenario, std::uint64_t seed, const fs::path& folder,
                            const fs::path& own_folder) {
    std::string line = fmt::format("./scripts/rehearse {} --seed {}", shell_word(scenario), seed);
    if (normal(folder) == normal(own_folder)) {
        return line;
    }
    // scripts/rehearse starts in the project's folder, wherever it was called from.
    const fs::path near = normal(folder).lexically_relative(normal(own_folder).parent_path());
    const bool within = !near.empty() && *near.begin() != "..";
    return line + " --scenarios " + shell_word((within ? near : normal(folder)).string());
}

}  // namespace cutover::scenarios
