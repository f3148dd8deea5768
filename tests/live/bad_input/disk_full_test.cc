// The destination's disk fills up: the task says so within its window, keeps what is durable, and
// goes on when there is room again. Needs servers as processes and the right to mount a small file
// system.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;

constexpr int kOperation = 11;
constexpr const char* kTableSum =
    "SELECT count(*) || '/' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM public.rows t";

/// A file system of a few megabytes at a folder, gone with this object.
class SmallDisk {
public:
    SmallDisk(std::filesystem::path folder, unsigned uid, unsigned gid)
        : folder_(std::move(folder)), owner_(fmt::format("uid={},gid={},mode=700", uid, gid)) {
        std::filesystem::create_directories(folder_);
        mounted_ =
            ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, (owner_ + ",size=24m").c_str()) == 0;
    }
    ~SmallDisk() {
        if (mounted_) {
            ::umount2(folder_.c_str(), MNT_DETACH);
        }
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool mounted() const { return mounted_; }
    void grow() {
        ASSERT_EQ(::mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT, "size=400m"), 0);
    }

private:
    std::filesystem::path folder_;
    std::string owner_;
    bool mounted_ = false;
};

TEST(BadDisk, AFullDiskIsNamedAndWhatIsDurableStays) {
    std::string why;
    fixtures::ServerFactory* servers = factory_of(fixtures::BodyKind::process, &why);
    if (servers == nullptr && !servers_required()) {
        GTEST_SKIP() << "NOT TESTED, no servers as processes: " << why;
    }
    ASSERT_NE(servers, nullptr) << why;
    const auto server = servers->postgres({"full", 17, {}, {}});
    const fixtures::ServerHome& home = server->body().home();
    SmallDisk disk(home.directory / "small", home.image.uid, home.image.gid);
    if (!disk.mounted() && !servers_required()) {
        GTEST_SKIP() << "NOT TESTED, this account may not mount a file system";
    }
    ASSERT_TRUE(disk.mounted()) << "this account may not mount a file system";
    server->connect().query("CREATE TABLESPACE small LOCATION '" + home.inner + "/small'");
    server->connect().query("CREATE DATABASE destination TABLESPACE small");
    const SourceAccounts accounts = make_source_database(*server, "source");
    const fixtures::PostgresEndpoint destination = make_destination_account(*server, "destination");
    fixtures::PostgresClient source(accounts.application);
    source.query(
        "CREATE TABLE public.rows (id int PRIMARY KEY, note text);"
        "INSERT INTO public.rows SELECT g, repeat('x', 500) FROM generate_series(1, 60000) g");
    Program program;
    const std::string file =
        program.task(accounts.mover, destination,
                     "phases: [schema, full]\nlimits: {chunk_mb: 1}\nretry: {connection_seconds: "
                     "60, operation_seconds: 4}");

    const Said said = program.run({"migrate", file});
    EXPECT_EQ(said.exit_code, kOperation) << said.text;
    EXPECT_THAT(said.text, HasSubstr("No space left on device"));
    EXPECT_THAT(said.text, HasSubstr("free space on the"));

    disk.grow();
    const Said again = program.run({"migrate", file});
    EXPECT_EQ(again.exit_code, 0) << again.text;
    EXPECT_EQ(fixtures::PostgresClient(destination).value(kTableSum), source.value(kTableSum));
}

}  // namespace
}  // namespace cutover::tests
