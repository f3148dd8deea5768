// The judge's reading of the wire. `cells`: the first byte of an input chooses a type, the rest is
// a row of it as COPY sends one. `json`: a text of JSON, and of a number.
#include <array>
#include <iterator>

#include "tests/fuzz/target.h"
#include "tests/unit/verify/wire.h"
#include "verify/canonical/canonical.h"
#include "verify/canonical/json_tree.h"
#include "verify/canonical/number.h"
#include "verify/canonical/row_block.h"
#include "verify/postgres/decode.h"
#include "verify/postgres/type.h"

namespace cutover::fuzz {

namespace {

using namespace verify;
using namespace std::string_literals;

constexpr std::uint32_t kTypes[] = {
    16,   17,   18,   19,   20,   21,    23,    25,    26,    114,   142,  600,  601,  602,
    603,  604,  628,  650,  700,  701,   718,   774,   790,   829,   869,  1007, 1009, 1042,
    1043, 1082, 1083, 1114, 1184, 1186,  1266,  1560,  1562,  1700,  2205, 2950, 3220, 3614,
    3615, 3802, 3904, 4451, 5069, 20000, 20001, 20002, 20003, 20004, 20005};

/// A small database, with arrays, ranges, an enum, a domain and composites.
const WireTypes& types() {
    static const WireTypes types = [] {
        std::vector<CatalogType> rows;
        const auto add = [&](std::uint32_t oid, const char* name, char kind, std::uint32_t part,
                             std::vector<std::uint32_t> fields = {}) {
            CatalogType row;
            row.oid = oid;
            row.name = name;
            row.kind = kind;
            row.element = kind == 'b' ? part : 0;
            row.base = kind == 'd' ? part : 0;
            row.subtype = kind == 'r' || kind == 'm' ? part : 0;
            row.fields = std::move(fields);
            rows.push_back(std::move(row));
        };
        add(1007, "_int4", 'b', 23);
        add(1009, "_text", 'b', 25);
        add(3904, "int4range", 'r', 23);
        add(4451, "int4multirange", 'm', 3904);
        add(20000, "app.mood", 'e', 0);
        add(20001, "app._mood", 'b', 20000);
        add(20002, "app.amount", 'd', 1700);
        add(20003, "app.pair", 'c', 0, {20002, 20000});
        add(20004, "app._pair", 'b', 20003);
        add(20005, "app.json", 'c', 0, {114, 3802, 1184});
        return WireTypes(std::move(rows));
    }();
    return types;
}

std::string cell(const std::string& bytes) {
    return wire::int32(static_cast<std::int32_t>(bytes.size())) + bytes;
}

std::vector<std::string> cell_seeds() {
    const std::string numeric = wire::int16(2) + wire::int16(1) + wire::int16(0x4000) +
                                wire::int16(2) + wire::int16(12) + wire::int16(3400);
    const std::string array = wire::int32(1) + wire::int32(1) + wire::int32(23) + wire::int32(2) +
                              wire::int32(1) + cell(wire::int32(7)) + wire::int32(-1);
    const std::string range = "\x02"s + cell(wire::int32(1)) + cell(wire::int32(9));
    const std::string pair =
        wire::int32(2) + wire::int32(20002) + cell(numeric) + wire::int32(20000) + cell("glad");
    const std::array<std::string, 12> values = {numeric,
                                                array,
                                                range,
                                                wire::int32(1) + cell(range),
                                                pair,
                                                wire::int64(-1),
                                                "\x01{\"a\": [1, 2.50, null]}",
                                                "\x02\x20\x00\x04\x0a\x00\x00\x01"s,
                                                wire::int32(12) + "\xab\xc0",
                                                wire::int64(1) + wire::int32(2) + wire::int32(3),
                                                "text \xc3\xa4",
                                                wire::int32(2) + std::string(32, '\x40')};
    std::vector<std::string> out;
    for (std::size_t type = 0; type < std::size(kTypes); ++type) {
        for (const std::string& value : values) {
            out.push_back(static_cast<char>(type) + wire::int16(2) + cell(value) + cell(value));
        }
    }
    return out;
}

void run_cells(std::string_view input) {
    if (input.empty()) {
        return;
    }
    const auto decoder = postgres_decoder(
        types().find(kTypes[static_cast<unsigned char>(input[0]) % std::size(kTypes)]));
    CellWalk walk(input.substr(1));
    for (int cells = 0; cells < 100 && !walk.done(); ++cells) {
        const Cell value = walk.next();
        for (const bool strict : {true, false}) {
            RuleSet rules;
            for (const Rule rule : all_rules()) {
                if (!strict) {
                    rules.add(rule);
                }
            }
            std::string out;
            decoder->canonical(value.bytes, rules, out);
            printable(out);
        }
        ExactNumber number;
        decoder->number(value.bytes, number);
        printable(value.bytes);  // as if it were canonical already
    }
}

std::vector<std::string> json_seeds() {
    return {R"({"a": [1, -2.50e3, null, true], "b": {"c": "\u00e4\ud83d\ude00\\"}, "a": 0})",
            "-12.50e3", "1e-400", "[[[[[[[[1]]]]]]]]", R"(["\u0000", "", {}])"};
}

void run_json(std::string_view input) {
    for (const bool scaled : {true, false}) {
        std::string tree;
        if (put_json_tree(input, scaled, tree)) {
            std::string again;
            put_json_tree(json_tree_text(tree, scaled), scaled, again);
        }
    }
    ExactNumber number;
    if (parse_number(input, number)) {
        to_string(number);
        compare(number, number_from(std::int64_t{-7}));
    }
}

}  // namespace

Target cells_target() {
    return {"cells", "binary values of every type, as the judge reads them", cell_seeds, run_cells};
}

Target json_target() {
    return {"json", "JSON and numbers, as the judge reads them", json_seeds, run_json};
}

}  // namespace cutover::fuzz
