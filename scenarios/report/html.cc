#include "scenarios/report/html.h"

#include <fmt/core.h>

#include "scenarios/report/text.h"

namespace cutover::scenarios::report {

namespace {

const char* tone_name(Tone tone) {
    switch (tone) {
        case Tone::good:
            return "good";
        case Tone::bad:
            return "bad";
        case Tone::caution:
            return "caution";
        case Tone::quiet:
            return "quiet";
        case Tone::plain:
            break;
    }
    return "";
}

std::string cell_markup(const TableCell& cell, bool number) {
    std::string style = tone_name(cell.tone);
    if (number) {
        style += style.empty() ? "number" : " number";
    }
    const std::string text =
        cell.code ? "<code>" + escape(cell.text) + "</code>" : escape(cell.text);
    return style.empty() ? "<td>" + text + "</td>"
                         : fmt::format("<td class=\"{}\">{}</td>", style, text);
}

}  // namespace

void Html::text(std::string_view text) {
    text_ += escape(text);
}

void Html::paragraph(std::string_view text, std::string_view style) {
    text_ += style.empty() ? "<p>" : fmt::format("<p class=\"{}\">", style);
    text_ += escape(text) + "</p>\n";
}

void Html::list(const std::vector<std::string>& items, std::string_view style) {
    text_ += style.empty() ? "<ul>" : fmt::format("<ul class=\"{}\">", style);
    for (const std::string& item : items) {
        text_ += "<li>" + escape(item) + "</li>";
    }
    text_ += "</ul>\n";
}

void Html::open_section(std::string_view anchor, std::string_view title) {
    text_ += fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>\n", anchor,
        escape(title));
}

TableCell verdict_cell(bool passed, const std::string& good, const std::string& bad) {
    return passed ? TableCell{"✓ " + good, Tone::good} : TableCell{"✗ " + bad, Tone::bad};
}

void HtmlTable::note(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) {
        all += (all.empty() ? "" : "\n") + line;
    }
    if (!all.empty()) {
        rows_.push_back({TableCell{all}});
    }
}

void HtmlTable::write(Html& html) const {
    html.markup("<div class=\"table\"><table><caption>" + escape(caption_) +
                "</caption><thead><tr>");
    for (const std::string& title : titles_) {
        const bool number = title.front() == '#';
        html.markup(fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"number\"" : "",
                                escape(number ? title.substr(1) : title)));
    }
    html.markup("</tr></thead><tbody>\n");
    for (const auto& row : rows_) {
        if (row.size() == 1 && titles_.size() > 1) {
            html.markup(
                fmt::format("<tr class=\"note\"><td colspan=\"{}\"><pre>{}</pre></td></tr>\n",
                            titles_.size(), escape(row[0].text)));
            continue;
        }
        html.markup("<tr>");
        for (std::size_t at = 0; at < row.size(); ++at) {
            html.markup(cell_markup(row[at], titles_.at(at).front() == '#'));
        }
        html.markup("</tr>\n");
    }
    html.markup("</tbody></table></div>\n");
}

}  // namespace cutover::scenarios::report
