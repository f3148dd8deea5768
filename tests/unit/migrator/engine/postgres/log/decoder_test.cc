#include "migrator/engine/postgres/log/decoder.h"

#include <gtest/gtest.h>

#include <functional>

#include "migrator/model/error.h"
#include "tests/unit/migrator/engine/postgres/log/message_builder.h"

namespace cutover::postgres {
namespace {

using model::CellKind;

RowShape plain_shape(std::size_t columns) {
    RowShape shape;
    for (std::uint32_t at = 0; at < columns; ++at) {
        shape.targets.push_back(at);
        shape.sources.push_back(at);
        shape.key.push_back(at == 0);
    }
    return shape;
}

std::string body_of(const MessageBuilder& builder) {
    return builder.bytes().substr(1);
}

TEST(RowDecoder, PutsCellsInTheOrderOfThePlan) {
    RowShape shape;  // sent: a, skipped, b; planned: b, a
    shape.targets = {1, RowShape::kSkipped, 0};
    shape.sources = {2, 0};
    shape.key = {true, false, false};
    model::Change change;
    RowDecoder().decode(
        'I', body_of(MessageBuilder('I').tuple('N', {{'b', "A"}, {'b', "skipped"}, {'t', "B"}})),
        shape, change);
    EXPECT_EQ(change.kind, model::ChangeKind::insert);
    ASSERT_EQ(change.after.size(), 2u);
    EXPECT_EQ(change.after.bytes(0), "B");
    EXPECT_EQ(change.after.kind(0), CellKind::text);
    EXPECT_EQ(change.after.bytes(1), "A");
    EXPECT_EQ(change.after.kind(1), CellKind::binary);
    EXPECT_TRUE(change.before.empty());
}

TEST(RowDecoder, TellsNullFromEmptyFromUnchanged) {
    model::Change change;
    RowDecoder().decode('U',
                        body_of(MessageBuilder('U').tuple('N', {{'b', ""}, {'n', ""}, {'u', ""}})),
                        plain_shape(3), change);
    EXPECT_EQ(change.after.kind(0), CellKind::binary);
    EXPECT_EQ(change.after.kind(1), CellKind::null);
    EXPECT_EQ(change.after.kind(2), CellKind::absent);
}

TEST(RowDecoder, TakesAKeyRowsOtherCellsAsAbsent) {
    model::Change change;
    RowDecoder().decode('U',
                        body_of(MessageBuilder('U')
                                    .tuple('K', {{'b', "old"}, {'n', ""}})
                                    .tuple('N', {{'b', "new"}, {'b', "x"}})),
                        plain_shape(2), change);
    EXPECT_EQ(change.before.bytes(0), "old");
    EXPECT_EQ(change.before.kind(1), CellKind::absent);
    EXPECT_EQ(change.after.bytes(0), "new");
}

TEST(RowDecoder, FillsUnchangedCellsFromAWholeOldRow) {
    model::Change change;
    RowDecoder().decode('U',
                        body_of(MessageBuilder('U')
                                    .tuple('O', {{'b', "1"}, {'b', "large"}})
                                    .tuple('N', {{'b', "2"}, {'u', ""}})),
                        plain_shape(2), change);
    EXPECT_EQ(change.after.bytes(1), "large");
    EXPECT_TRUE(change.before.complete());
}

TEST(RowDecoder, DecodesDeletes) {
    model::Change change;
    RowDecoder().decode('D', body_of(MessageBuilder('D').tuple('K', {{'b', "1"}, {'n', ""}})),
                        plain_shape(2), change);
    EXPECT_EQ(change.kind, model::ChangeKind::remove);
    EXPECT_EQ(change.before.bytes(0), "1");
    EXPECT_TRUE(change.after.empty());
}

void expect_corrupt(const std::function<void()>& decode, const std::string& what) {
    try {
        decode();
        ADD_FAILURE() << what;
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::corrupt) << what;
    }
}

TEST(RowDecoder, RefusesEveryTruncation) {
    const std::string whole = body_of(MessageBuilder('U')
                                          .tuple('O', {{'b', "1"}, {'b', "large"}})
                                          .tuple('N', {{'b', "2"}, {'t', "x"}}));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        model::Change change;
        expect_corrupt(
            [&] { RowDecoder().decode('U', whole.substr(0, length), plain_shape(2), change); },
            "length " + std::to_string(length));
    }
}

TEST(RowDecoder, RefusesWhatIsNotARow) {
    model::Change change;
    const RowShape shape = plain_shape(1);
    for (const std::string& bytes :
         {body_of(MessageBuilder('I').tuple('N', {{'x', ""}})),
          body_of(MessageBuilder('I').tuple('N', {{'b', "1"}, {'b', "2"}})),
          body_of(MessageBuilder('I').tuple('Z', {{'b', "1"}})),
          body_of(MessageBuilder('I').tuple('K', {{'b', "1"}}))}) {
        expect_corrupt([&] { RowDecoder().decode('I', bytes, shape, change); }, bytes);
    }
    expect_corrupt(
        [&] {
            RowDecoder().decode('D', body_of(MessageBuilder('D').tuple('N', {{'b', "1"}})), shape,
                                change);
        },
        "delete with a new row");
}

TEST(Messages, RefuseEveryTruncation) {
    const auto check = [](const std::string& whole, const auto& decode) {
        decode(MessageReader(whole));
        for (std::size_t length = 0; length < whole.size(); ++length) {
            expect_corrupt(
                [&] { decode(MessageReader(std::string_view(whole).substr(0, length))); },
                std::to_string(length));
        }
    };
    check(begin_message(7).substr(1), [](MessageReader r) { decode_begin(r); });
    check(commit_message(64).substr(1), [](MessageReader r) { decode_commit(r); });
    check(relation_message(5, "t", {{"a", true}, {"b"}}).substr(1),
          [](MessageReader r) { decode_relation(r); });
    check(body_of(MessageBuilder('T').number(2, 4).byte(0).number(1, 4).number(2, 4)),
          [](MessageReader r) { decode_truncate(r); });
    check(body_of(
              MessageBuilder('M').byte(0).number(9, 8).text("p").number(2, 4).byte('h').byte('i')),
          [](MessageReader r) { decode_logical(r); });
    check(body_of(MessageBuilder('A').number(1, 4).number(2, 4)),
          [](MessageReader r) { decode_stream_abort(r); });
}

TEST(Messages, KeepTheServersTime) {
    const message::Begin begin = decode_begin(MessageReader(
        MessageBuilder('B').number(1, 8).number(0, 8).number(2, 4).bytes().substr(1)));
    EXPECT_EQ(begin.time.time_since_epoch(), std::chrono::seconds(946684800));
    instant_of(INT64_MAX);
    instant_of(INT64_MIN);
}

}  // namespace
}  // namespace cutover::postgres
