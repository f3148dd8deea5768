#include "verify/compare/key_order.h"

#include "migrator/model/error.h"
#include "verify/canonical/canonical.h"

namespace cutover::verify {

namespace {

[[noreturn]] void throw_no_number() {
    throw model::Error(model::ErrorClass::corrupt, "verify.key_value",
                       "a value of the key is not a number as its type sends it");
}

std::int64_t integer(std::string_view bytes) {
    switch (bytes.size()) {
        case 8:
            return static_cast<std::int64_t>(load_big64(bytes.data()));
        case 4:
            return static_cast<std::int32_t>(load_big32(bytes.data()));
        case 2:
            return static_cast<std::int16_t>(big_endian(bytes));
        default:
            throw_no_number();
    }
}

int three_way(std::int64_t a, std::int64_t b) {
    return a < b ? -1 : (a > b ? 1 : 0);
}

/// The sign of char_traits' compare: bytes count as unsigned, a prefix comes first. Views may be
/// empty.
int compare_bytes(std::string_view a, std::string_view b) {
    return a.compare(b);
}

std::string_view without_trailing_blanks(std::string_view text) {
    const std::size_t last = text.find_last_not_of(' ');
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

ExactNumber numeric(const KeyCell& key, std::string_view bytes) {
    ExactNumber number;
    if (key.decoder == nullptr || !key.decoder->number(bytes, number)) {
        throw_no_number();
    }
    return number;
}

int compare_cells(const KeyCell& key_a, const Cell& a, const KeyCell& key_b, const Cell& b) {
    if (!a.has_value() || !b.has_value()) {
        return three_way(a.has_value() ? 0 : 1, b.has_value() ? 0 : 1);
    }
    switch (key_a.order) {
        case KeyOrder::integer:
            return three_way(integer(a.bytes), integer(b.bytes));
        case KeyOrder::numeric:
            return compare(numeric(key_a, a.bytes), numeric(key_b, b.bytes));
        case KeyOrder::padded_text:
            return compare_bytes(without_trailing_blanks(a.bytes),
                                 without_trailing_blanks(b.bytes));
        case KeyOrder::none:
        case KeyOrder::bytes:
            break;
    }
    return compare_bytes(a.bytes, b.bytes);
}

void put_cell_form(const KeyCell& key, const Cell& cell, std::string& out) {
    if (!cell.has_value()) {
        put_null(out);
        return;
    }
    switch (key.order) {
        case KeyOrder::integer:
            put_number(out, number_from(integer(cell.bytes)), false);
            return;
        case KeyOrder::numeric:
            put_number(out, numeric(key, cell.bytes), false);
            return;
        case KeyOrder::padded_text:
            put_cell(out, Tag::text, without_trailing_blanks(cell.bytes));
            return;
        case KeyOrder::none:
        case KeyOrder::bytes:
            break;
    }
    put_cell(out, Tag::bytes, cell.bytes);
}

}  // namespace

int compare_keys(const KeyCells& cells_a, std::string_view a, const KeyCells& cells_b,
                 std::string_view b) {
    CellWalk walk_a(a);
    CellWalk walk_b(b);
    for (std::size_t at = 0; at < cells_a.size(); ++at) {
        const int result = compare_cells(cells_a[at], walk_a.next(), cells_b[at], walk_b.next());
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

std::string_view key_prefix(std::string_view row, std::size_t cells) {
    CellWalk walk(row);
    for (std::size_t cell = 0; cell < cells; ++cell) {
        walk.next();
    }
    return row.substr(kRowHeadBytes, row.size() - kRowHeadBytes - walk.rest().size());
}

void put_key_form(const KeyCells& cells, std::string_view row, std::string& out) {
    CellWalk walk(row);
    for (const KeyCell& cell : cells) {
        put_cell_form(cell, walk.next(), out);
    }
}

}  // namespace cutover::verify
