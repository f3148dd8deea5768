#include "scenarios/error_catalogue.h"

#include <algorithm>
#include <cctype>

#include "migrator/engine/postgres/session/error.h"
#include "migrator/model/error.h"
#include "migrator/plan/document.h"
#include "migrator/plan/document_reader.h"
#include "scenarios/errors_text.h"

namespace cutover::scenarios {

namespace {

using model::ErrorClass;

constexpr std::string_view kServerError = "postgres.SQLSTATE";
constexpr std::size_t kStateLength = 5;

std::vector<std::string> words(const plan::DocumentReader& reader, std::string_view key) {
    std::vector<std::string> out;
    for (auto& [word, place] : reader.texts(key)) {
        out.push_back(std::move(word));
    }
    return out;
}

bool is_placeholder(char letter) {
    return std::isupper(static_cast<unsigned char>(letter)) != 0;
}

/// True if `code` is `family` with something put in for its word in capitals.
bool belongs_to(std::string_view code, std::string_view family) {
    const auto begin = std::find_if(family.begin(), family.end(), is_placeholder);
    const auto end = std::find_if_not(begin, family.end(), is_placeholder);
    const std::string_view before(family.begin(), begin);
    const std::string_view after(end, family.end());
    return begin != end && code.size() > before.size() + after.size() && code.starts_with(before) &&
           code.ends_with(after);
}

/// What a server says has one of many classes, by its SQLSTATE.
std::optional<ErrorEntry> of_server(ErrorEntry entry, std::string_view code) {
    const std::string_view state = code.substr(kServerError.find('.') + 1);
    const bool known = state.size() == kStateLength &&
                       std::all_of(state.begin(), state.end(), [](unsigned char letter) {
                           return std::isdigit(letter) != 0 || std::isupper(letter) != 0;
                       });
    if (!known) {
        return std::nullopt;
    }
    entry.classes = {std::string(to_string(postgres::classify(state)))};
    return entry;
}

}  // namespace

std::vector<int> exit_codes(const ErrorEntry& entry, std::string_view of_class) {
    constexpr int kBlocked = 1;
    if (entry.exit) {
        return {*entry.exit};
    }
    for (const ErrorClass known :
         {ErrorClass::connection, ErrorClass::operation, ErrorClass::conflict, ErrorClass::refused,
          ErrorClass::corrupt, ErrorClass::stopped}) {
        if (of_class == to_string(known)) {
            return {model::exit_code(known)};
        }
    }
    return of_class == "finding" ? std::vector<int>{kBlocked, model::exit_code(ErrorClass::refused)}
                                 : std::vector<int>{plan::kBadUsage};
}

ErrorCatalogue::ErrorCatalogue(const std::string& text) {
    plan::Problems problems("errors.yaml");
    const plan::Node root = plan::parse_document(text, problems);
    for (const plan::Entry& item : root.entries) {
        const plan::DocumentReader reader(
            &item.value, item.key,
            {"class", "exit", "meaning", "remedy", "met", "found_by", "shown_by", "because"},
            problems);
        ErrorEntry entry;
        entry.code = item.key;
        entry.classes = words(reader, "class");
        entry.meaning = reader.required_text("meaning", "say what has happened");
        entry.remedy = reader.required_text("remedy", "say what to do");
        entry.found_by = words(reader, "found_by");
        if (const auto given = reader.whole("exit", 0, 255)) {
            entry.exit = static_cast<int>(*given);
        }
        entries_.push_back(std::move(entry));
    }
    problems.throw_if_any();
}

std::optional<ErrorEntry> ErrorCatalogue::find(std::string_view code) const {
    for (const ErrorEntry& entry : entries_) {
        if (entry.code == code) {
            return entry;
        }
    }
    for (const ErrorEntry& entry : entries_) {
        if (belongs_to(code, entry.code)) {
            ErrorEntry found = entry;
            found.code = code;
            return entry.code == kServerError ? of_server(std::move(found), code) : found;
        }
    }
    return std::nullopt;
}

std::string ErrorCatalogue::nearest(std::string_view code) const {
    std::vector<std::string_view> known;
    for (const ErrorEntry& entry : entries_) {
        known.push_back(entry.code);
    }
    return plan::nearest(code, known);
}

const ErrorCatalogue& error_catalogue() {
    static const ErrorCatalogue catalogue{std::string(errors_text())};
    return catalogue;
}

}  // namespace cutover::scenarios
