// Rows as large as the task takes them: carried by copy and log, within a stated multiple of
// memory. Those beyond it are named.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

#include "tests/support/two_ends.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kRowMb = 250;
constexpr std::uint64_t kMemoryMb = 64;

/// The most memory that a process has had, in megabytes.
std::uint64_t peak_mb(int pid) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stoull(line.substr(6)) >> 10;
        }
    }
    return 0;
}

class LargeRows : public TwoEnds {
protected:
    std::string sum_at(const fixtures::PostgresEndpoint& end, const std::string& table) {
        return fixtures::PostgresClient(end).value(
            "SELECT string_agg(id || ':' || md5(body), ',' ORDER BY id) FROM public." + table);
    }
    std::string first_of(const std::string& table) const {
        return of_destination("SELECT left(body, 1) FROM public." + table);
    }
    void add_row(const std::string& table, std::uint64_t mb) {
        at_source(fmt::format("INSERT INTO public.{} VALUES (1, repeat('abcdefgh', {}))", table,
                              mb << 17));
    }
};

/// With a key and without: there the log has the old row beside the new one.
TEST_F(LargeRows, AreCarriedWithinAMultipleOfThem) {
    begin();
    for (const char* table : {"keyed", "keyless"}) {
        at_source(
            fmt::format("CREATE TABLE public.{} (id int, body text);"
                        "ALTER TABLE public.{} ALTER body SET STORAGE EXTERNAL",
                        table, table));
        add_row(table, kRowMb);
    }
    at_source("ALTER TABLE public.keyed ADD PRIMARY KEY (id)");
    const std::string file = program_.task(
        source_.mover, destination_,
        // One worker: each that reads such a row has it a few times over.
        fmt::format("limits: {{memory_mb: {}, workers: 1}}\nignore: [tables.keyless]", kMemoryMb));
    RunningProgram running = program_.start({"migrate", file, "--json"});
    EXPECT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    const std::uint64_t limit = 4 * kRowMb + kMemoryMb;
    const std::uint64_t copied = peak_mb(running.pid());
    EXPECT_LE(copied, limit) << "by the copy";
    at_source("UPDATE public.keyed SET body = reverse(body)");
    at_source("UPDATE public.keyless SET body = reverse(body)");
    for (int look = 0; look < 600 && first_of("keyless") != "h"; ++look) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    const std::uint64_t applied = peak_mb(running.pid());
    const Said finish = program_.run({"finish", file, "--quiet-seconds", "1"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << running.text();
    EXPECT_LE(applied, limit) << "by the log";
    std::cout << "peak: " << copied << " MB by the copy, " << applied << " MB by the log\n";
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    for (const char* table : {"keyed", "keyless"}) {
        EXPECT_EQ(sum_at(destination_, table), sum_at(source_.application, table)) << table;
    }
}

/// Nothing of it is sent, and the task goes on once the row is no longer there.
TEST_F(LargeRows, AreRefusedByTableAndKeyBeyondTheLimit) {
    begin();
    at_source(
        "CREATE TABLE public.keyed (id int PRIMARY KEY, body text);"
        "ALTER TABLE public.keyed ALTER body SET STORAGE EXTERNAL");
    add_row("keyed", 300);
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram refused = program_.start({"migrate", file});
    const Said said = refused.wait();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("row.too_large"));
    EXPECT_THAT(said.text, HasSubstr("public.keyed"));
    EXPECT_THAT(said.text, HasSubstr("id = 1"));
    at_source("UPDATE public.keyed SET body = 'short'");
    RunningProgram running = program_.start({"migrate", file, "--json"});
    EXPECT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    EXPECT_EQ(program_.run({"finish", file, "--quiet-seconds", "1"}).exit_code, 0);
    EXPECT_EQ(running.wait().exit_code, 0) << running.text();
    EXPECT_EQ(sum_at(destination_, "keyed"), sum_at(source_.application, "keyed"));
}

}  // namespace
}  // namespace cutover::tests
