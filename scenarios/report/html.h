// A page under construction: text that is appended to, and tables. Everything given as text is
// escaped here; only what is called markup is taken as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cutover::scenarios::report {

class Html {
public:
    void markup(std::string_view text) { text_ += text; }
    void text(std::string_view text);
    /// `<p>` with escaped text.
    void paragraph(std::string_view text, std::string_view style = {});
    void list(const std::vector<std::string>& items, std::string_view style = {});
    /// Opens `<section>` with a heading and an anchor.
    void open_section(std::string_view anchor, std::string_view title);
    void close_section() { text_ += "</section>\n"; }

    const std::string& str() const { return text_; }

private:
    std::string text_;
};

/// What a cell says beside its text.
enum class Tone { plain, good, bad, caution, quiet };

struct TableCell {
    std::string text;
    Tone tone = Tone::plain;
    bool code = false;
};

/// `good` or `bad` with a word, so that colour is not the only sign.
TableCell verdict_cell(bool passed, const std::string& good = "holds",
                       const std::string& bad = "broken");

class HtmlTable {
public:
    /// Titles that begin with `#` are columns of numbers, aligned to the right.
    HtmlTable(std::string caption, std::vector<std::string> titles)
        : caption_(std::move(caption)), titles_(std::move(titles)) {}

    void row(std::vector<TableCell> cells) { rows_.push_back(std::move(cells)); }
    /// A line over all columns below the last row, for samples and details.
    void note(const std::vector<std::string>& lines);
    bool empty() const { return rows_.empty(); }
    void write(Html& html) const;

private:
    std::string caption_;
    std::vector<std::string> titles_;
    std::vector<std::vector<TableCell>> rows_;  ///< one cell only: a note
};

}  // namespace cutover::scenarios::report
