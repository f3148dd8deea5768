#include "migrator/engine/postgres/log/key_cell.h"

#include <fmt/format.h>

#include <set>

namespace cutover::postgres {

std::string key_cell_text(std::uint64_t type, std::string_view cell) {
    constexpr std::uint64_t kInt8 = 20, kInt2 = 21, kInt4 = 23;
    constexpr std::uint64_t kName = 19, kText = 25, kBpchar = 1042, kVarchar = 1043;
    static const std::set<std::uint64_t> kIntegers = {kInt2, kInt4, kInt8};
    static const std::set<std::uint64_t> kTexts = {kName, kText, kBpchar, kVarchar};
    constexpr std::size_t kMost = 80;
    if (kIntegers.contains(type) && !cell.empty() && cell.size() <= sizeof(std::uint64_t)) {
        std::uint64_t value = (static_cast<unsigned char>(cell[0]) & 0x80U) != 0 ? ~0ull : 0;
        for (const char byte : cell) {
            value = value << 8 | static_cast<unsigned char>(byte);
        }
        return std::to_string(static_cast<std::int64_t>(value));
    }
    if (kTexts.contains(type)) {
        return fmt::format("'{}'{}", cell.substr(0, kMost), cell.size() > kMost ? "..." : "");
    }
    std::string hex = "\\x";
    for (const char byte : cell.substr(0, kMost / 2)) {
        hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    return hex + (cell.size() > kMost / 2 ? "..." : "");
}

}  // namespace cutover::postgres
