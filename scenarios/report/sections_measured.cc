#include <fmt/core.h>

#include "scenarios/report/prediction.h"
#include "scenarios/report/sections.h"
#include "scenarios/report/text.h"

namespace cutover::scenarios::report {

namespace {

std::string per_second(double value) {
    return short_number(value) + "/s";
}

std::string time_band(const Band& band) {
    return fmt::format("{} ({} to {})", duration_of_seconds(band.middle),
                       duration_of_seconds(band.low), duration_of_seconds(band.high));
}

void rates_table(Html& html, const Rates& rates) {
    HtmlTable table("Measured on this machine, with these servers and this load",
                    {"What", "#Value", "Meaning"});
    table.row({{"Full copy"},
               {or_nothing(rates.full_rows_per_second, per_second)},
               {"rows, over the time in which the copy was running"}});
    table.row({{"Full copy"},
               {or_nothing(rates.full_bytes_per_second,
                           [](double value) { return bytes(value) + "/s"; })},
               {"bytes"}});
    table.row({{"Full copy"},
               {or_nothing(rates.full_took, duration)},
               {"with everything that was broken in between"}});
    table.row({{"Catch-up"},
               {or_nothing(rates.catch_up_changes_per_second, per_second)},
               {"changes, the best that was sustained while behind: the source must not write "
                "faster for long"}});
    table.row({{"Load"},
               {or_nothing(rates.workload_transactions_per_second, per_second)},
               {"transactions acknowledged to the workloads"}});
    table.row({{"Lag, median"},
               {or_nothing(rates.lag_p50, duration)},
               {"source's clock now minus commit time of the last applied change"}});
    table.row(
        {{"Lag, 99th percentile"}, {or_nothing(rates.lag_p99, duration)}, {"with the faults"}});
    table.row({{"Lag, highest"}, {or_nothing(rates.lag_max, duration)}, {"with the faults"}});
    table.row({{"Cutover"},
               {or_nothing(rates.cutover_took, duration)},
               {"from the last write at the source to the end of the task"}});
    table.write(html);
}

void size_table(Html& html, const Prediction& prediction, std::uint64_t rehearsed) {
    HtmlTable table("Predicted time of the full copy (middle, and band)",
                    {"#Rows", "#Bytes", "Time", ""});
    for (const double rows : {static_cast<double>(rehearsed), 1e7, 1e8, 1e9}) {
        if (rows < 1) {
            continue;
        }
        table.row({{grouped(static_cast<std::uint64_t>(rows))},
                   {or_nothing(prediction.bytes_per_row,
                               [&](double width) { return bytes(width * rows); })},
                   {time_band(prediction.seconds_for(rows))},
                   {rows == static_cast<double>(rehearsed) ? "as rehearsed" : "", Tone::quiet}});
    }
    table.write(html);
    const Band& band = *prediction.rows_per_second;
    html.markup(fmt::format(
        "<form class=\"estimate\" id=\"estimate\" data-low=\"{:.3f}\" data-middle=\"{:.3f}\" "
        "data-high=\"{:.3f}\">"
        "<label>Rows in production <input name=\"rows\" inputmode=\"numeric\" value=\"{}\"></label>"
        "<output name=\"result\" aria-live=\"polite\"></output></form>\n",
        band.low, band.middle, band.high, "250,000,000"));
}

}  // namespace

void measured_section(Html& html, const Evidence& evidence) {
    const Prediction prediction = predict(evidence);
    html.open_section("measured", "Measured rates, and what they predict");
    rates_table(html, evidence.rates);
    html.markup("<h3>Production: full copy</h3>");
    if (prediction.rows_per_second) {
        size_table(html, prediction, evidence.dataset_rows);
    }
    html.paragraph("Method: " + prediction.full_method);
    html.markup("<h3>Production: cutover window</h3>");
    if (prediction.cutover_window_seconds) {
        html.paragraph("Predicted: " + time_band(*prediction.cutover_window_seconds) + ".");
        html.paragraph("Method: " + prediction.cutover_method);
    } else {
        html.paragraph("No prediction: this run had no cutover.");
    }
    html.close_section();
}

}  // namespace cutover::scenarios::report
