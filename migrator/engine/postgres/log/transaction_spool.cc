#include "migrator/engine/postgres/log/transaction_spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

using Header = TransactionSpool::RecordHeader;

constexpr std::size_t kFlushBytes = 1u << 20;
constexpr std::size_t kReadBytes = 1u << 20;

Error spill_error(const std::string& directory, const char* what) {
    return Error(
               ErrorClass::operation, "spill.failed",
               fmt::format("cannot {} a spill file in {}: {}", what, directory,
                           std::strerror(errno)),
               "give the task a `spill_directory` with room for the source's largest transactions")
        .at(model::Side::neither);
}

Error spill_corrupt() {
    return Error(ErrorClass::corrupt, "spill.damaged",
                 "a spill file does not hold what was written to it",
                 "check the disk of the spill directory")
        .at(model::Side::neither);
}

/// What one record holds, in its file.
class StoredRecord final : public StoredMessage {
public:
    StoredRecord(const SpoolFile& file, std::uint64_t offset, std::uint64_t length)
        : file_(file), offset_(offset), length_(length) {}
    std::uint64_t size() const override { return length_; }
    void read(std::uint64_t offset, std::size_t length, char* out) const override {
        file_.read(offset_ + offset, length, out);
    }

private:
    const SpoolFile& file_;
    std::uint64_t offset_;
    std::uint64_t length_;
};

/// Takes records out of memory or a file, in order.
class SpoolCursor final : public model::ChangeCursor {
public:
    SpoolCursor(std::string buffer, std::unique_ptr<SpoolFile> file,
                std::vector<TransactionSpool::Relation> relations,
                std::unordered_set<std::uint32_t> discarded)
        : buffer_(std::move(buffer)),
          file_(std::move(file)),
          relations_(std::move(relations)),
          discarded_(std::move(discarded)) {}

    bool next(model::Change& change) override {
        Header header;
        while (read_header(header)) {
            const bool wanted = discarded_.empty() || !discarded_.contains(header.subxid);
            if (wanted && stored(header)) {
                decode_stored(header, change);
            } else if (wanted) {
                decode(header, record(header), change);
            }
            pass(header);
            if (wanted) {
                return true;
            }
        }
        return false;
    }

private:
    bool read_header(Header& header) {
        if (!available(sizeof(Header))) {
            if (at_ != buffer_.size()) {
                throw spill_corrupt();
            }
            return false;
        }
        std::memcpy(&header, buffer_.data() + at_, sizeof(Header));
        return true;
    }

    std::string_view record(const Header& header) {
        if (!available(sizeof(Header) + header.length)) {
            throw spill_corrupt();
        }
        return std::string_view(buffer_).substr(at_ + sizeof(Header), header.length);
    }

    /// Sees to it that `length` bytes lie at `at_` in the buffer; false at the end.
    bool available(std::size_t length) {
        if (buffer_.size() - at_ >= length) {
            return true;
        }
        if (!file_ || read_ == file_->size()) {
            return false;
        }
        buffer_.erase(0, at_);
        at_ = 0;
        const std::size_t before = buffer_.size();
        const auto more = static_cast<std::size_t>(
            std::min<std::uint64_t>(std::max(kReadBytes, length) - before, file_->size() - read_));
        buffer_.resize(before + more);
        file_->read(read_, more, buffer_.data() + before);
        read_ += more;
        return buffer_.size() >= length;
    }

    /// A row that is larger than what is read at once: straight out of the file.
    void decode_stored(const Header& header, model::Change& change) {
        const std::uint64_t body = read_ - (buffer_.size() - at_) + sizeof(Header);
        if (header.relation >= relations_.size() || header.length > file_->size() - body) {
            throw spill_corrupt();
        }
        decoder_.decode(static_cast<char>(header.kind), StoredRecord(*file_, body, header.length),
                        relations_[header.relation]->shape, change);
    }

    bool stored(const Header& header) const {
        return file_ && header.kind != 'T' && header.length > kReadBytes;
    }

    /// On to the next record.
    void pass(const Header& header) {
        const std::uint64_t length = sizeof(Header) + header.length;
        const std::uint64_t there = buffer_.size() - at_;
        if (length <= there) {
            at_ += length;
        } else if (!file_ || length - there > file_->size() - read_) {
            throw spill_corrupt();
        } else {
            read_ += length - there;
            buffer_.clear();
            at_ = 0;
        }
    }

    void decode(const Header& header, std::string_view body, model::Change& change) {
        if (header.kind == 'T') {
            change = {};
            change.kind = model::ChangeKind::truncate;
            change.truncated.resize(body.size() / sizeof(model::TableIndex));
            std::memcpy(change.truncated.data(), body.data(), body.size());
            change.table = change.truncated.front();
            return;
        }
        if (header.relation >= relations_.size()) {
            throw spill_corrupt();
        }
        decoder_.decode(static_cast<char>(header.kind), body, relations_[header.relation]->shape,
                        change);
    }

    std::string buffer_;
    std::size_t at_ = 0;
    std::unique_ptr<SpoolFile> file_;
    std::uint64_t read_ = 0;
    std::vector<TransactionSpool::Relation> relations_;
    std::unordered_set<std::uint32_t> discarded_;
    RowDecoder decoder_;
};

}  // namespace

SpoolFile::SpoolFile(const std::string& directory)
    : directory_(directory.empty() ? std::filesystem::temp_directory_path().string() : directory) {
    std::string name = directory_ + "/cutover-spill-XXXXXX";
    descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor_ < 0) {
        throw spill_error(directory_, "make");
    }
    ::unlink(name.c_str());
}

SpoolFile::~SpoolFile() {
    ::close(descriptor_);
}

void SpoolFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw spill_error(directory_, "write to");
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
        size_ += static_cast<std::uint64_t>(written);
    }
}

void SpoolFile::read(std::uint64_t offset, std::size_t length, char* out) const {
    std::size_t done = 0;
    while (done < length) {
        const ssize_t got =
            ::pread(descriptor_, out + done, length - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            throw spill_corrupt();
        }
        done += static_cast<std::size_t>(got);
    }
}

std::uint32_t TransactionSpool::slot_of(std::uint32_t subxid, const Relation& relation) {
    if (relation->problem) {
        problems_.emplace_back(subxid, *relation->problem);
        return 0;
    }
    if (last_slot_ < relations_.size() && relations_[last_slot_] == relation) {
        return last_slot_;
    }
    const auto found = std::find(relations_.begin(), relations_.end(), relation);
    last_slot_ = static_cast<std::uint32_t>(found - relations_.begin());
    if (found == relations_.end()) {
        relations_.push_back(relation);
    }
    return last_slot_;
}

void TransactionSpool::add(std::uint32_t subxid, std::uint32_t slot, char kind,
                           std::string_view body) {
    if (last_count_ == nullptr || last_subxid_ != subxid) {
        last_subxid_ = subxid;
        last_count_ = &counts_[subxid];
    }
    ++*last_count_;
    const Header header{static_cast<std::uint32_t>(body.size()), subxid, slot,
                        static_cast<std::uint32_t>(static_cast<unsigned char>(kind))};
    buffer_.append(reinterpret_cast<const char*>(&header), sizeof header);
    if (body.size() >= limits_.memory_bytes) {
        // It would be copied into memory only to be written from there.
        spill();
        file_->write(body);
        return;
    }
    buffer_.append(body);
    if (buffer_.size() >= (file_ ? kFlushBytes : limits_.memory_bytes)) {
        spill();
    }
}

void TransactionSpool::spill() {
    const bool first = !file_;
    if (first) {
        file_ = std::make_unique<SpoolFile>(limits_.directory);
    }
    file_->write(buffer_);
    buffer_.clear();
    if (first) {
        buffer_.shrink_to_fit();
    }
}

void TransactionSpool::add_row(std::uint32_t subxid, const Relation& relation, char kind,
                               std::string_view body) {
    add(subxid, slot_of(subxid, relation), kind, body);
}

void TransactionSpool::refuse_row(std::uint32_t subxid, const Error& error) {
    problems_.emplace_back(subxid, error);
    add(subxid, 0, 'I', {});  // it is a change all the same: the transaction is not empty
}

void TransactionSpool::add_truncate(std::uint32_t subxid, const std::vector<Relation>& relations) {
    std::string tables;
    for (const Relation& relation : relations) {
        if (relation->ancestor) {
            continue;  // its partitions are listed too
        }
        slot_of(subxid, relation);
        tables.append(reinterpret_cast<const char*>(&relation->shape.table),
                      sizeof relation->shape.table);
    }
    if (!tables.empty()) {
        add(subxid, 0, 'T', tables);
    }
}

std::uint64_t TransactionSpool::count() const {
    std::uint64_t out = 0;
    for (const auto& [subxid, count] : counts_) {
        out += discarded_.contains(subxid) ? 0 : count;
    }
    return out;
}

std::unique_ptr<model::ChangeCursor> TransactionSpool::take() {
    for (const auto& [subxid, problem] : problems_) {
        if (!discarded_.contains(subxid)) {
            throw Error(problem);
        }
    }
    if (file_) {
        spill();
    }
    return std::make_unique<SpoolCursor>(std::move(buffer_), std::move(file_),
                                         std::move(relations_), std::move(discarded_));
}

}  // namespace cutover::postgres
