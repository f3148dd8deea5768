#include "migrator/plan/document_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "migrator/model/check.h"

namespace cutover::plan {

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t at = 0; at <= b.size(); ++at) {
        row[at] = at;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

std::string joined(const std::vector<std::string_view>& words) {
    std::string text;
    for (const std::string_view word : words) {
        text += fmt::format("{}{}", text.empty() ? "" : ", ", word);
    }
    return text;
}

std::string kind_of(const Node& node) {
    switch (node.kind) {
        case Node::Kind::empty:
            return "empty";
        case Node::Kind::scalar:
            return "`" + node.text + "`";
        case Node::Kind::list:
            return "a list";
        case Node::Kind::map:
            return "a map";
    }
    return "something else";
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string_view>& known) {
    std::string_view best;
    std::size_t distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string_view candidate : known) {
        const std::size_t now = edit_distance(word, candidate);
        if (now < distance) {
            distance = now;
            best = candidate;
        }
    }
    return std::string(best);
}

DocumentReader::DocumentReader(const Node* node, std::string path,
                               std::vector<std::string_view> known, Problems& problems)
    : node_(node),
      place_(node == nullptr ? Place{} : node->place),
      path_(std::move(path)),
      known_(std::move(known)),
      problems_(problems) {
    if (node_ == nullptr || node_->kind == Node::Kind::empty) {
        node_ = nullptr;
        return;
    }
    if (node_->kind != Node::Kind::map) {
        // The value is not shown: somebody who writes a password in the wrong place must not find
        // it in a log.
        problems_.add(node_->place, "task_file.type",
                      fmt::format("{} must be a map of keys", path_.empty() ? "the file" : path_),
                      "its keys are: " + joined(known_));
        node_ = nullptr;
        return;
    }
    for (const Entry& entry : node_->entries) {
        tell_unknown(entry);
    }
}

void DocumentReader::tell_unknown(const Entry& entry) const {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) {
        return;
    }
    const std::string near = nearest(entry.key, known_);
    problems_.add(entry.place, "task_file.unknown_key",
                  fmt::format("`{}` is not a key that {} knows", entry.key,
                              path_.empty() ? "a task file" : path_),
                  near.empty() ? "known keys are: " + joined(known_)
                               : fmt::format("did you mean `{}`?", near));
}

const Node* DocumentReader::find(std::string_view key) const {
    CUTOVER_CHECK(std::find(known_.begin(), known_.end(), key) != known_.end());
    if (node_ == nullptr) {
        return nullptr;
    }
    for (const Entry& entry : node_->entries) {
        if (entry.key == key) {
            return &entry.value;
        }
    }
    return nullptr;
}

Place DocumentReader::place(std::string_view key) const {
    const Node* node = find(key);
    return node == nullptr ? place_ : node->place;
}

std::string DocumentReader::path(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void DocumentReader::problem(std::string_view key, std::string code, std::string message,
                             std::string remedy) const {
    problems_.add(place(key), std::move(code), std::move(message), std::move(remedy));
}

std::optional<std::string> DocumentReader::text(std::string_view key) const {
    const Node* node = find(key);
    if (node == nullptr) {
        return std::nullopt;
    }
    if (node->kind != Node::Kind::scalar || node->text.empty()) {
        problem(key, "task_file.type", fmt::format("{} must be text", path(key)),
                fmt::format("write `{}: something`, or leave the key out", key));
        return std::nullopt;
    }
    return node->text;
}

std::string DocumentReader::required_text(std::string_view key, const std::string& remedy) const {
    if (!has(key)) {
        problem(key, "task_file.missing", fmt::format("{} is missing", path(key)), remedy);
        return {};
    }
    return text(key).value_or("");
}

std::optional<std::uint64_t> DocumentReader::whole(std::string_view key, std::uint64_t least,
                                                   std::uint64_t most) const {
    const Node* node = find(key);
    if (node == nullptr) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const char* end = node->text.data() + node->text.size();
    const auto parsed = std::from_chars(node->text.data(), end, value);
    const bool number =
        node->kind == Node::Kind::scalar && parsed.ec == std::errc() && parsed.ptr == end;
    if (!number || value < least || value > most) {
        problem(key, number ? "task_file.range" : "task_file.type",
                fmt::format("{} is {}; it must be a whole number from {} to {}", path(key),
                            kind_of(*node), least, most),
                "use a value of that range, or leave the key out for the default");
        return std::nullopt;
    }
    return value;
}

std::optional<double> DocumentReader::decimal(std::string_view key, double least,
                                              double most) const {
    const Node* node = find(key);
    if (node == nullptr) {
        return std::nullopt;
    }
    double value = 0;
    const char* end = node->text.data() + node->text.size();
    const auto parsed = std::from_chars(node->text.data(), end, value);
    const bool number = node->kind == Node::Kind::scalar && parsed.ec == std::errc() &&
                        parsed.ptr == end && std::isfinite(value);
    if (!number || value < least || value > most) {
        problem(key, number ? "task_file.range" : "task_file.type",
                fmt::format("{} is {}; it must be a number from {} to {}", path(key),
                            kind_of(*node), least, most),
                "use a value of that range, or leave the key out for the default");
        return std::nullopt;
    }
    return value;
}

std::optional<std::size_t> DocumentReader::choice(
    std::string_view key, const std::vector<std::string_view>& choices) const {
    const std::optional<std::string> word = text(key);
    if (!word) {
        return std::nullopt;
    }
    const auto found = std::find(choices.begin(), choices.end(), *word);
    if (found == choices.end()) {
        const std::string near = nearest(*word, choices);
        problem(key, "task_file.choice",
                fmt::format("{} is `{}`; it must be one of: {}", path(key), *word, joined(choices)),
                near.empty() ? "choose one of them" : fmt::format("did you mean `{}`?", near));
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - choices.begin());
}

std::vector<std::pair<std::string, Place>> DocumentReader::texts(std::string_view key) const {
    const Node* node = find(key);
    std::vector<std::pair<std::string, Place>> out;
    if (node == nullptr || node->kind == Node::Kind::empty) {
        return out;
    }
    if (node->kind == Node::Kind::scalar) {
        return {{node->text, node->place}};
    }
    if (node->kind == Node::Kind::map) {
        problem(key, "task_file.type",
                fmt::format("{} is a map; it must be a list of texts", path(key)),
                "write `[one, two]`, or one `- item` per line");
        return out;
    }
    for (const Node& item : node->items) {
        if (item.kind == Node::Kind::scalar && !item.text.empty()) {
            out.emplace_back(item.text, item.place);
            continue;
        }
        problems_.add(
            item.place, "task_file.type",
            fmt::format("an item of {} is {}; it must be a text", path(key), kind_of(item)),
            "write `[one, two]`, or one `- item` per line");
    }
    return out;
}

const std::vector<Entry>& DocumentReader::entries(std::string_view key) const {
    static const std::vector<Entry> kNone;
    const Node* node = find(key);
    if (node == nullptr || node->kind == Node::Kind::empty) {
        return kNone;
    }
    if (node->kind != Node::Kind::map) {
        problem(key, "task_file.type", fmt::format("{} must be a map of names", path(key)),
                "write `{name: value}`, or one `name: value` per line");
        return kNone;
    }
    return node->entries;
}

}  // namespace cutover::plan
