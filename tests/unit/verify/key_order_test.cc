#include "verify/key_order.h"

#include <gtest/gtest.h>

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

TEST(KeyOrder, ReadsNothingBeyondARowThatIsCutShort) {
    const std::string row = row_bytes({wire::int64(5), "text"});
    for (std::size_t length = 0; length < row.size(); ++length) {
        compared({KeyOrder::integer, KeyOrder::bytes}, row.substr(0, length), row);
        key_prefix(row.substr(0, std::max<std::size_t>(length, 2)), 2);
    }
}

}  // namespace
}  // namespace cutover::verify
