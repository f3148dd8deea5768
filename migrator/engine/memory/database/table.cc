#include "migrator/engine/memory/database/table.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "migrator/model/check.h"

namespace cutover::memory {

Table::Table(model::TableSchema schema) : schema_(std::move(schema)) {
    for (model::ColumnSchema& column : schema_.columns) {
        column.number = ++schema_.columns_made;
    }
    columns_changed();
}

void Table::columns_changed() {
    columns_ = std::make_shared<const std::vector<model::ColumnSchema>>(schema_.columns);
    types_ = cell_types(schema_);
    all_columns_.resize(types_.size());
    std::iota(all_columns_.begin(), all_columns_.end(), 0);
    indexes_.clear();
}

std::size_t Table::put(model::Tuple row, TransactionNumber by) {
    std::size_t place = versions_.size();
    if (free_.empty()) {
        versions_.emplace_back();
    } else {
        place = free_.back();
        free_.pop_back();
    }
    versions_[place] = {std::move(row), by, 0};
    for (Index& index : indexes_) {
        index.places.emplace(key_bytes(types_, versions_[place].row, index.columns), place);
    }
    return place;
}

void Table::free(std::size_t place) {
    Version& version = versions_[place];
    CUTOVER_CHECK(version.created != 0);
    for (Index& index : indexes_) {
        const auto [first, last] =
            index.places.equal_range(key_bytes(types_, version.row, index.columns));
        const auto entry =
            std::find_if(first, last, [&](const auto& one) { return one.second == place; });
        CUTOVER_CHECK(entry != last);
        index.places.erase(entry);
    }
    version = Version{};
    free_.push_back(place);
}

void Table::add_key(const model::KeySchema& key) {
    if (key.primary) {
        schema_.keys.insert(schema_.keys.begin(), key);
    } else {
        schema_.keys.push_back(key);
    }
}

void Table::add_column(model::ColumnSchema column) {
    column.number = ++schema_.columns_made;
    const std::optional<model::ColumnFill> fill = column.fill;
    schema_.columns.push_back(std::move(column));
    for (Version& version : versions_) {
        if (version.created != 0) {
            version.row.append(fill ? model::CellKind::text : model::CellKind::null,
                               fill ? fill->bytes : "");
        }
    }
    columns_changed();
}

void Table::drop_column(std::size_t column) {
    schema_.columns.erase(schema_.columns.begin() + static_cast<std::ptrdiff_t>(column));
    for (Version& version : versions_) {
        model::Tuple left;
        for (std::size_t cell = 0; cell < version.row.size(); ++cell) {
            if (cell != column) {
                left.append(version.row.kind(cell), version.row.bytes(cell));
            }
        }
        version.row = std::move(left);
    }
    columns_changed();
}

void Table::rename_column(std::size_t column, const std::string& name) {
    schema_.columns[column].name = name;
    columns_changed();
}

Table::Index& Table::index(const std::vector<std::size_t>& columns) const {
    for (Index& index : indexes_) {
        if (index.columns == columns) {
            return index;
        }
    }
    Index& made = indexes_.emplace_back();
    made.columns = columns;
    for (std::size_t place = 0; place < versions_.size(); ++place) {
        if (versions_[place].created != 0) {
            made.places.emplace(key_bytes(types_, versions_[place].row, columns), place);
        }
    }
    return made;
}

std::vector<std::size_t> Table::places(const std::vector<std::size_t>& columns,
                                       const std::string& key) const {
    std::vector<std::size_t> found;
    const auto [first, last] = index(columns).places.equal_range(key);
    for (auto entry = first; entry != last; ++entry) {
        found.push_back(entry->second);
    }
    // The order of a hash table is nobody's business.
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace cutover::memory
