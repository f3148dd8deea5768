#include "verify/live/row_lookup.h"

#include <utility>

#include "migrator/model/check.h"
#include "migrator/model/error.h"
#include "verify/canonical/canonical.h"
#include "verify/compare/key_order.h"

namespace cutover::verify {

namespace {

constexpr std::size_t kLookupBytes = 256 << 10;

struct VersionedRow {
    std::string row;  ///< the row without its version
    std::string_view version;
    bool free = true;
};

/// Removes the two cells that ReadSpec::with_version adds.
VersionedRow split(std::string_view row, std::size_t cells) {
    VersionedRow out;
    CellWalk walk(row);
    for (std::size_t at = 0; at < cells; ++at) {
        walk.next();
    }
    const std::string_view body = row.substr(kRowHeadBytes);
    put_big_endian(out.row, cells, static_cast<int>(kRowHeadBytes));
    out.row.append(body.substr(0, body.size() - walk.rest().size()));
    const Cell free = walk.next();
    const Cell version = walk.next();
    if (free.bytes.size() != 1 || version.bytes.empty()) {
        throw model::Error(model::ErrorClass::corrupt, "verify.row_version",
                           "an end gave a row without its version");
    }
    out.free = free.bytes[0] != 0;
    out.version = version.bytes;
    return out;
}

}  // namespace

RowLookup::RowLookup(const TablePair& pair, Side side, std::uint64_t seed, ReadLimit* limit,
                     std::function<void(std::chrono::milliseconds)> pause)
    : pair_(pair), side_(side), hasher_(pair, side, seed), limit_(limit), pause_(std::move(pause)) {
    CUTOVER_CHECK(!pair.keyless());
}

Images RowLookup::read(End& end, const std::vector<Candidate*>& candidates) {
    Images images;
    if (candidates.empty()) {
        return images;
    }
    ReadSpec spec = side_ == Side::source ? pair_.source_read : pair_.destination_read;
    spec.with_version = end.witness() != nullptr;
    for (const Candidate* candidate : candidates) {
        spec.keys.push_back(candidate->cells);
    }
    const auto stream = end.read(side_ == Side::source ? pair_.source : pair_.destination, spec);
    RowBlock block;
    while (stream->fill(block, kLookupBytes)) {
        for (std::size_t at = 0; at < block.rows(); ++at) {
            add(images, block.row(at), spec.with_version);
        }
        if (limit_ != nullptr) {
            pause_(std::chrono::duration_cast<std::chrono::milliseconds>(
                limit_->charge(block.rows(), block.data.size(), std::chrono::steady_clock::now())));
        }
        block.clear();
    }
    return images;
}

void RowLookup::add(Images& images, std::string_view row, bool with_version) {
    VersionedRow read =
        with_version ? split(row, pair_.cells.size()) : VersionedRow{std::string(row), {}};
    std::string key;
    put_key_form(pair_.key(side_), read.row, key);
    Image& image = images[key];
    bool uncomparable = false;
    const Hash128 hash = hasher_.row(read.row, uncomparable);
    image.look.hash += hash;
    put_cell(image.look.version, Tag::bytes, with_version ? read.version : hash.text());
    image.free = image.free && read.free;
    image.uncomparable = image.uncomparable || uncomparable;
    if (++image.look.rows == 1) {
        image.row = std::move(read.row);
    }
}

}  // namespace cutover::verify
