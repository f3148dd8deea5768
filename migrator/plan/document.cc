#include "migrator/plan/document.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "migrator/model/visible.h"

namespace cutover::plan {

namespace {

// Far more than any file that a person writes; aliases can make a short file huge.
constexpr int kDeepest = 32;
constexpr std::size_t kMostNodes = 200000;
/// Nobody reads on after this many.
constexpr std::size_t kMostTold = 100;

std::string shown(const std::string& text) {
    return model::visible(model::shortened(text, model::kLongestErrorText));
}

std::string shown(const std::string& file, const Problem& problem) {
    std::string text = model::visible(file);
    if (problem.place.line > 0) {
        text += fmt::format(":{}:{}", problem.place.line, problem.place.column);
    }
    text += ": " + shown(problem.message) + " [" + problem.code + "]";
    if (!problem.remedy.empty()) {
        text += "\n    remedy: " + shown(problem.remedy);
    }
    return text;
}

std::string shown(const std::string& file, const std::vector<Problem>& problems) {
    std::string text;
    const std::size_t told = std::min(problems.size(), kMostTold);
    for (std::size_t at = 0; at < told; ++at) {
        text += (text.empty() ? "" : "\n") + shown(file, problems[at]);
    }
    return told == problems.size()
               ? text
               : text + fmt::format("\n... and {} more", problems.size() - told);
}

Place place_of(const YAML::Mark& mark) {
    return {mark.line + 1, mark.column + 1};
}

/// Copies yaml-cpp's nodes into our own tree.
class Builder {
public:
    explicit Builder(Problems& problems) : problems_(problems) {}

    Node build(const YAML::Node& from, int depth) {
        Node node;
        node.place = place_of(from.Mark());
        if (depth > kDeepest || ++nodes_ > kMostNodes) {
            too_large(node.place);
            return node;
        }
        switch (from.Type()) {
            case YAML::NodeType::Scalar:
                node.kind = Node::Kind::scalar;
                node.text = from.Scalar();
                break;
            case YAML::NodeType::Sequence:
                build_list(from, node, depth);
                break;
            case YAML::NodeType::Map:
                build_map(from, node, depth);
                break;
            default:
                break;
        }
        return node;
    }

private:
    void build_list(const YAML::Node& from, Node& node, int depth) {
        node.kind = Node::Kind::list;
        for (const auto& item : from) {
            node.items.push_back(build(item, depth + 1));
        }
    }

    void build_map(const YAML::Node& from, Node& node, int depth) {
        node.kind = Node::Kind::map;
        std::unordered_map<std::string_view, Place> seen;  // the keys live as long as `from`
        for (const auto& pair : from) {
            const Place place = place_of(pair.first.Mark());
            if (!pair.first.IsScalar()) {
                problems_.add(place, "task_file.key", "a key must be plain text",
                              "write `key: value`, the key without brackets or braces");
                continue;
            }
            const std::string& key = pair.first.Scalar();
            const auto [first, fresh] = seen.emplace(key, place);
            if (!fresh) {
                problems_.add(
                    place, "task_file.duplicate_key",
                    fmt::format("the key `{}` is here a second time; the first is at line {}", key,
                                first->second.line),
                    "keep one of the two");
                continue;
            }
            node.entries.push_back({key, place, build(pair.second, depth + 1)});
        }
    }

    void too_large(Place place) {
        if (!std::exchange(told_, true)) {
            problems_.add(
                place, "task_file.too_large",
                fmt::format("the document is deeper than {} levels or has more than {} values",
                            kDeepest, kMostNodes),
                "split the task");
        }
    }

    Problems& problems_;
    std::size_t nodes_ = 0;
    bool told_ = false;
};

}  // namespace

FileError::FileError(const std::string& file, std::vector<Problem> problems)
    : model::Error(model::ErrorClass::refused, "task_file.invalid", Laid{shown(file, problems)}),
      problems_(std::move(problems)) {}

void Problems::add(Place place, std::string code, std::string message, std::string remedy) {
    problems_.push_back({place, std::move(code), std::move(message), std::move(remedy)});
}

void Problems::throw_if_any() {
    if (problems_.empty()) {
        return;
    }
    std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
        return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    });
    throw FileError(file_, std::exchange(problems_, {}));
}

Node parse_document(const std::string& text, Problems& problems) {
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1) {
            problems.add(place_of(documents[1].Mark()), "task_file.documents",
                         "the file holds more than one YAML document",
                         "give every task a file of its own, without a `---` in between");
        }
        return documents.empty() ? Node{} : Builder(problems).build(documents[0], 0);
    } catch (const YAML::Exception& error) {
        const bool known = !error.mark.is_null();
        problems.add(known ? place_of(error.mark) : Place{}, "task_file.syntax",
                     "this is not YAML: " + error.msg,
                     "indent with spaces, close every quote and bracket, write `key: value`");
        problems.throw_if_any();
        throw;
    }
}

}  // namespace cutover::plan
