// The log: messages of pgoutput through decoder, relation map and assembler, and the changes of
// every transaction that comes out. An input is a list of messages, each behind its length.
#include "migrator/engine/postgres/log/transaction_assembler.h"
#include "tests/fuzz/target.h"
#include "tests/unit/migrator/engine/postgres/log/message_builder.h"

namespace cutover::fuzz {

namespace {

using namespace postgres;
using namespace std::string_literals;

void add(std::string& out, const std::string& message) {
    out += static_cast<char>(message.size() >> 8);
    out += static_cast<char>(message.size());
    out += message;
}

std::string joined(const std::vector<std::string>& messages) {
    std::string out;
    for (const std::string& message : messages) {
        add(out, message);
    }
    return out;
}

std::string item(std::uint32_t xid = 0) {
    return relation_message(9, "item", {{"id", true}, {"name"}}, 'd', xid);
}

std::string update() {
    return MessageBuilder('U')
        .number(9, 4)
        .tuple('O', {{'b', "1"}, {'b', "old"}})
        .tuple('N', {{'b', "1"}, {'u', ""}})
        .bytes();
}

std::string logical(const std::string& prefix, const std::string& content) {
    return MessageBuilder('M')
               .byte(0)
               .number(0x50, 8)
               .text(prefix)
               .number(content.size(), 4)
               .bytes() +
           content;
}

std::vector<std::string> log_seeds() {
    const std::string open = MessageBuilder('S').number(7, 4).byte(1).bytes();
    const std::string commit_of_stream =
        MessageBuilder('c').number(7, 4).bytes() + commit_message(0x900).substr(1);
    const std::string abort = MessageBuilder('A').number(7, 4).number(8, 4).bytes();
    const std::string truncate =
        MessageBuilder('T').number(2, 4).byte(3).number(9, 4).number(8, 4).bytes();
    const std::string loose = relation_message(8, "loose", {{"a", true}}, 'f');
    return {
        joined({begin_message(5), item(), insert_message(9, {{'b', "1"}, {'n', ""}}), update(),
                MessageBuilder('D').number(9, 4).tuple('K', {{'b', "1"}, {'n', ""}}).bytes(),
                commit_message(0x200)}),
        joined({begin_message(6), loose, item(), truncate, insert_message(8, {{'t', "text"}}),
                commit_message(0x300)}),
        joined({open, item(7), insert_message(9, {{'b', "1"}, {'b', "x"}}, 7),
                insert_message(9, {{'b', "2"}, {'b', "y"}}, 8), MessageBuilder('E').bytes(), abort,
                commit_of_stream}),
        joined({logical("cutover_heartbeat", "1700000000000000"), logical("cutover_flush", ""),
                logical("else", "\0\xff"s), MessageBuilder('O').number(1, 8).text("origin").bytes(),
                MessageBuilder('Y').number(16400, 4).text("app").text("mood").bytes()}),
    };
}

void read_log(std::string_view input) {
    plan::Plan plan;
    plan.tables.push_back(planned_table(0, "item", {"id", "name"}));
    plan.tables.push_back(planned_table(1, "loose", {"a"}, true));
    TransactionAssembler::Start start;
    start.ancestors = {{"public", "above"}};
    TransactionAssembler assembler(
        plan, [](std::uint32_t, std::int32_t) { return "text"; }, {}, start);
    while (input.size() >= 2) {
        const std::size_t length = static_cast<unsigned char>(input[0]) * std::size_t{256} +
                                   static_cast<unsigned char>(input[1]);
        input.remove_prefix(2);
        Assembled got = assembler.feed(input.substr(0, length));
        model::Change change;
        while (got.transaction && got.transaction->changes->next(change)) {
        }
        input.remove_prefix(std::min(length, input.size()));
    }
}

}  // namespace

Target log_target() {
    return {"log", "pgoutput's messages, as whole transactions", log_seeds, read_log};
}

}  // namespace cutover::fuzz
