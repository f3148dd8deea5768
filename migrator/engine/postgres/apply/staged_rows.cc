#include "migrator/engine/postgres/apply/staged_rows.h"

#include "migrator/engine/postgres/copy/copy_rows.h"

namespace cutover::postgres {

using model::CellKind;
using model::Tuple;

namespace {

/// How much is gathered before it goes to the connection. A larger cell goes by itself.
constexpr std::size_t kPiece = 256 << 10;

std::array<char, 4> integer(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
}

}  // namespace

void StagedRows::add(const Tuple& row) {
    rows_.push_back({&row, nullptr, {}});
    fields_ += row.size();
    bytes_ += row.footprint();
}

void StagedRows::add(const Tuple& row, const Tuple& key, std::uint32_t mask) {
    rows_.push_back({&row, &key, integer(mask)});
    fields_ += width(rows_.back());
    bytes_ += row.footprint() + key.footprint();
}

void StagedRows::clear() {
    rows_.clear();
    fields_ = bytes_ = 0;
}

std::size_t StagedRows::width(const Row& row) const {
    return (masked_ ? 1 + row.key->size() : 0) + row.row->size();
}

std::pair<const Tuple*, std::size_t> StagedRows::cell(const Row& row, std::size_t column) const {
    const bool unchanged_key = row.key != nullptr && key_position_[column] >= 0 &&
                               row.row->kind(column) == CellKind::absent;
    return unchanged_key ? std::pair(row.key, static_cast<std::size_t>(key_position_[column]))
                         : std::pair(row.row, column);
}

Tuple StagedRows::row(std::size_t number) const {
    const Row& row = rows_.at(number);
    Tuple out;
    for (std::size_t column = 0; column < row.row->size(); ++column) {
        const auto [tuple, at] = cell(row, column);
        out.append(tuple->kind(at), tuple->bytes(at));
    }
    return out;
}

/// Calls `field` with a tuple and the cell's place in it, or with a null pointer for the mask.
template <typename Field>
void StagedRows::each_field(const Row& row, Field field) const {
    if (masked_) {
        field(nullptr, 0);
        for (std::size_t at = 0; at < row.key->size(); ++at) {
            field(row.key, at);
        }
    }
    for (std::size_t column = 0; column < row.row->size(); ++column) {
        const auto [tuple, at] = cell(row, column);
        field(tuple, at);
    }
}

void StagedRows::send(Connection& connection) const {
    CopyRows out;
    const auto flush = [&](std::size_t enough) {
        if (out.bytes().size() >= enough) {
            connection.copy_write(out.bytes());
            out.clear();
        }
    };
    connection.copy_write(copy_header());
    for (const Row& row : rows_) {
        out.begin_row(width(row));
        each_field(row, [&](const Tuple* tuple, std::size_t at) {
            if (tuple == nullptr) {
                out.value({row.mask.data(), row.mask.size()});
            } else if (tuple->bytes(at).size() < kPiece) {
                out.cell(*tuple, at);
            } else {
                out.announce(*tuple, at);
                flush(0);
                connection.copy_write(tuple->bytes(at));
            }
        });
        flush(kPiece);
    }
    flush(0);
    connection.copy_write(copy_trailer());
}

void StagedRows::append_to(BinaryParameters& parameters) const {
    for (const Row& row : rows_) {
        each_field(row, [&](const Tuple* tuple, std::size_t at) {
            if (tuple == nullptr) {
                parameters.emplace_back(std::string_view(row.mask.data(), row.mask.size()));
            } else {
                parameters.push_back(binary_cell(*tuple, at));
            }
        });
    }
}

}  // namespace cutover::postgres
