#include "verify/compare/key_order.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "migrator/model/error.h"
#include "tests/unit/verify/fake_end.h"

namespace cutover::verify {
namespace {

using testing_support::row_bytes;
using testing_support::WireCell;
using testing_support::WireRow;

/// What a column of the engine under test would give.
KeyCell key_of(KeyOrder order) {
    return {order,
            order == KeyOrder::numeric ? testing_support::numeric_column("k").decoder : nullptr};
}

int compared(const std::vector<KeyOrder>& orders, const std::string& a, const std::string& b) {
    KeyCells key;
    for (const KeyOrder order : orders) {
        key.push_back(key_of(order));
    }
    return compare_keys(key, a, key, b);
}

void expect_ascending(KeyOrder order, const std::vector<WireCell>& cells) {
    for (std::size_t a = 0; a < cells.size(); ++a) {
        for (std::size_t b = 0; b < cells.size(); ++b) {
            const int result = compared({order}, row_bytes({cells[a]}), row_bytes({cells[b]}));
            EXPECT_EQ(result < 0, a < b) << a << " " << b;
            EXPECT_EQ(result > 0, a > b) << a << " " << b;
        }
    }
}

TEST(KeyOrder, PutsIntegersOfEveryWidthInOrder) {
    expect_ascending(KeyOrder::integer,
                     {wire::int64(-9000000000), wire::int32(-70000), wire::int16(-5),
                      wire::int32(0), wire::int64(3), wire::int16(300), std::nullopt});
}

TEST(KeyOrder, PutsTextInTheOrderOfItsBytes) {
    expect_ascending(KeyOrder::bytes, {"", "A", "B", "a", "a ", "aa", "b", "z", "ä", std::nullopt});
}

TEST(KeyOrder, IgnoresThePaddingOfCharacters) {
    expect_ascending(KeyOrder::padded_text, {"a   ", "a\x21  ", "b   "});
    EXPECT_EQ(compared({KeyOrder::padded_text}, row_bytes({"a  "}), row_bytes({"a"})), 0);
}

TEST(KeyOrder, PutsNumericsInOrderOfTheirValues) {
    expect_ascending(
        KeyOrder::numeric,
        {wire::numeric({}, 0, 0xF000, 0), wire::numeric({5}, 1, 0x4000, 0),
         wire::numeric({2, 5000}, 0, 0x4000, 1), wire::numeric({}, 0, 0, 0),
         wire::numeric({5000}, -1, 0, 1), wire::numeric({10}, 0, 0, 0), wire::numeric({1}, 1, 0, 0),
         wire::numeric({}, 0, 0xD000, 0), wire::numeric({}, 0, 0xC000, 0), std::nullopt});
}

TEST(KeyOrder, ComparesTuplesCellByCell) {
    const std::vector<KeyOrder> orders{KeyOrder::bytes, KeyOrder::integer};
    EXPECT_LT(compared(orders, row_bytes({"a", wire::int32(9)}), row_bytes({"ab", wire::int32(1)})),
              0);
    EXPECT_GT(compared(orders, row_bytes({"a", wire::int32(9)}), row_bytes({"a", wire::int32(1)})),
              0);
}

TEST(KeyOrder, HasOneFormForEqualKeys) {
    const auto form = [](KeyOrder order, const WireCell& cell) {
        std::string out;
        put_key_form({key_of(order)}, row_bytes({cell}), out);
        return out;
    };
    EXPECT_EQ(form(KeyOrder::integer, wire::int16(7)), form(KeyOrder::integer, wire::int64(7)));
    EXPECT_EQ(form(KeyOrder::numeric, wire::numeric({1, 5000}, 0, 0, 2)),
              form(KeyOrder::numeric, wire::numeric({1, 5000}, 0, 0, 9)));
    EXPECT_NE(form(KeyOrder::bytes, "a"), form(KeyOrder::bytes, "a "));
    EXPECT_NE(form(KeyOrder::bytes, std::nullopt), form(KeyOrder::bytes, ""));
}

TEST(KeyOrder, ReadsANumberWithTheDecoderOfItsEnd) {
    const std::string good = row_bytes({wire::numeric({7}, 0, 0, 0)});
    std::string cut = wire::numeric({7, 1}, 0, 0, 4);
    cut.pop_back();
    const std::string broken = row_bytes({cut});
    const auto code = [](const std::function<void()>& step) {
        try {
            step();
        } catch (const model::Error& error) {
            return error.code();
        }
        return std::string();
    };
    std::string out;
    const KeyCell number = key_of(KeyOrder::numeric);
    const KeyCell no_number{KeyOrder::numeric, testing_support::text_column("k").decoder};
    EXPECT_EQ(code([&] { compare_keys({number}, good, {number}, broken); }), "verify.key_value");
    EXPECT_EQ(code([&] { put_key_form({number}, broken, out); }), "verify.key_value");
    EXPECT_EQ(code([&] { compare_keys({number}, good, {no_number}, good); }), "verify.key_value");
    EXPECT_EQ(code([&] { compare_keys({number}, good, {number}, good); }), "");
}

TEST(KeyOrder, TakesThePrefixThatIsTheKey) {
    const std::string row = row_bytes({"ab", wire::int32(1), "rest"});
    EXPECT_EQ(key_prefix(row, 2), wire::part("ab") + wire::part(wire::int32(1)));
}

TEST(KeyOrder, RefusesAnIntegerOfAWidthThatNoneHas) {
    for (const char* bytes : {"", "1", "123", "123456789"}) {
        EXPECT_THROW(compared({KeyOrder::integer}, row_bytes({bytes}), row_bytes({bytes})),
                     model::Error)
            << bytes;
        std::string form;
        EXPECT_THROW(put_key_form({key_of(KeyOrder::integer)}, row_bytes({bytes}), form),
                     model::Error)
            << bytes;
    }
}

/// Bytes behind which no memory is: whoever reads on ends the test program.
class AtTheEndOfMemory {
public:
    explicit AtTheEndOfMemory(std::string_view bytes) {
        void* pages =
            ::mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        EXPECT_NE(pages, MAP_FAILED);
        first_ = static_cast<char*>(pages);
        EXPECT_EQ(::mprotect(first_ + page_, page_, PROT_NONE), 0);
        bytes_ = {first_ + page_ - bytes.size(), bytes.size()};
        std::copy(bytes.begin(), bytes.end(), first_ + page_ - bytes.size());
    }
    ~AtTheEndOfMemory() { ::munmap(first_, 2 * page_); }
    AtTheEndOfMemory(const AtTheEndOfMemory&) = delete;
    AtTheEndOfMemory& operator=(const AtTheEndOfMemory&) = delete;
    std::string_view bytes() const { return bytes_; }

private:
    const std::size_t page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    char* first_ = nullptr;
    std::string_view bytes_;
};

TEST(KeyOrder, ReadsNothingBeyondARowThatIsCutShort) {
    const KeyCells key = {key_of(KeyOrder::integer), key_of(KeyOrder::bytes)};
    const auto equal = [&](std::string_view a, std::string_view b) {
        try {
            return compare_keys(key, a, key, b) == 0;
        } catch (const model::Error&) {  // half an integer is none
            return false;
        }
    };
    const std::string row = row_bytes({wire::int64(5), "text"});
    for (std::size_t length = 0; length <= row.size(); ++length) {
        const AtTheEndOfMemory cut(std::string_view(row).substr(0, length));
        const bool whole = length == row.size();
        EXPECT_EQ(equal(cut.bytes(), row), whole) << length;
        EXPECT_EQ(equal(row, cut.bytes()), whole) << length;
        if (length >= kRowHeadBytes) {
            const std::string_view prefix = key_prefix(cut.bytes(), 2);
            EXPECT_LE(prefix.size(), length - kRowHeadBytes);
            EXPECT_EQ(prefix, cut.bytes().substr(kRowHeadBytes, prefix.size()));
        }
    }
}

}  // namespace
}  // namespace cutover::verify
