// The changes of one transaction between their arrival and their use: raw messages in memory, and
// beyond a limit in a file without a name. Rows are decoded only when they are taken out, so that
// what is rolled back costs nothing more than its bytes. Changes of rolled back subtransactions are
// left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "migrator/engine/postgres/log/relation_map.h"
#include "migrator/engine/postgres/log/row_limit.h"
#include "migrator/model/change.h"

namespace cutover::postgres {

struct SpoolLimits {
    std::string directory;                  ///< empty: the system's
    std::size_t memory_bytes = 8u << 20;    ///< per transaction; more goes to a file
    std::uint64_t row_bytes = kLargestRow;  ///< of a row's values; what is larger is refused
};

/// A file that has no name any more: it goes with its descriptor, whatever happens.
class SpoolFile {
public:
    /// Throws: operation (the directory cannot be written).
    explicit SpoolFile(const std::string& directory);
    ~SpoolFile();
    SpoolFile(const SpoolFile&) = delete;
    SpoolFile& operator=(const SpoolFile&) = delete;

    /// Appends. Throws: operation (disk full).
    void write(std::string_view bytes);
    /// `length` bytes from `offset` on. Throws: corrupt (they are not there).
    void read(std::uint64_t offset, std::size_t length, char* out) const;
    std::uint64_t size() const { return size_; }

private:
    int descriptor_ = -1;
    std::string directory_;
    std::uint64_t size_ = 0;
};

/// One thread.
class TransactionSpool {
public:
    using Relation = std::shared_ptr<const MappedRelation>;

    explicit TransactionSpool(const SpoolLimits& limits) : limits_(limits) {}

    /// A row message: its kind and what follows the relation's oid. `subxid` 0: not streamed.
    void add_row(std::uint32_t subxid, const Relation& relation, char kind, std::string_view body);
    /// A row that cannot be carried, in place of it: take() throws this, unless it is rolled back.
    void refuse_row(std::uint32_t subxid, const model::Error& error);
    void add_truncate(std::uint32_t subxid, const std::vector<Relation>& relations);
    /// Forgets what a rolled back subtransaction did.
    void discard(std::uint32_t subxid) { discarded_.insert(subxid); }

    /// Changes that are not rolled back.
    std::uint64_t count() const;
    std::size_t memory_bytes() const { return buffer_.size(); }
    /// The cursor over them; nothing may be added afterwards. Throws: refused (a surviving change
    /// is of a relation that cannot be followed).
    std::unique_ptr<model::ChangeCursor> take();

    /// Precedes each record, in memory and in the file.
    struct RecordHeader {
        std::uint32_t length = 0;  ///< of what follows the header
        std::uint32_t subxid = 0;
        std::uint32_t relation = 0;
        std::uint32_t kind = 0;
    };

private:
    std::uint32_t slot_of(std::uint32_t subxid, const Relation& relation);
    void add(std::uint32_t subxid, std::uint32_t slot, char kind, std::string_view body);
    void spill();

    SpoolLimits limits_;
    std::string buffer_;
    std::unique_ptr<SpoolFile> file_;
    std::vector<Relation> relations_;
    std::uint32_t last_slot_ = 0;
    std::unordered_map<std::uint32_t, std::uint64_t> counts_;  ///< by subtransaction
    std::uint32_t last_subxid_ = 0;
    std::uint64_t* last_count_ = nullptr;  ///< of last_subxid_
    std::unordered_set<std::uint32_t> discarded_;
    std::vector<std::pair<std::uint32_t, model::Error>> problems_;  ///< by subtransaction
};

}  // namespace cutover::postgres
