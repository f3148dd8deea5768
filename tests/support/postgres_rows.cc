#include "tests/support/postgres_rows.h"

#include <utility>

#include "migrator/engine/postgres/log/decoder.h"

namespace cutover::tests {

std::string int4(std::int32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>((value >> shift) & 0xFF);
    }
    return out;
}

std::uint64_t number_of(std::string_view bytes) {
    std::uint64_t out = 0;
    for (const char byte : bytes) {
        out = (out << 8) | static_cast<std::uint8_t>(byte);
    }
    return out;
}

std::vector<model::Tuple> rows_of(std::string_view bytes) {
    std::vector<model::Tuple> out;
    postgres::MessageReader reader(bytes);
    while (!reader.rest().empty()) {
        model::Tuple row;
        for (std::uint16_t left = reader.number16(); left > 0; --left) {
            const std::uint32_t length = reader.number32();
            if (length == 0xFFFFFFFFu) {
                row.append(model::CellKind::null);
            } else {
                row.append(model::CellKind::binary, reader.take(length));
            }
        }
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace cutover::tests
