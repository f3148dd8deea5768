// What may be done about a connection that could not be made, by what libpq says of it.
#include "migrator/engine/postgres/error.h"

#include <gtest/gtest.h>

namespace cutover::postgres {
namespace {

using model::ErrorClass;

/// It would be too large the next time, too.
TEST(Classify, RefusesWhatGoesBeyondALimitOfTheServers) {
    EXPECT_EQ(classify("54000", "string buffer exceeds maximum allowed length"),
              ErrorClass::refused);
    EXPECT_EQ(classify("XX000", "invalid memory alloc request size 1258291234"),
              ErrorClass::refused);
    EXPECT_EQ(classify("XX000", "could not open relation"), ErrorClass::operation);
}

TEST(ConnectClass, RefusesWhatOnlyThePersonCanMend) {
    EXPECT_EQ(connect_class("FATAL:  password authentication failed for user \"x\"", true),
              ErrorClass::refused);
    EXPECT_EQ(connect_class("FATAL:  database \"x\" does not exist", true), ErrorClass::refused);
}

TEST(ConnectClass, WaitsForAServerThatIsAway) {
    EXPECT_EQ(connect_class("Connection refused", false), ErrorClass::connection);
    EXPECT_EQ(connect_class("server is in hot standby mode", false), ErrorClass::connection);
}

/// A name that this process has reached before is right: the name service has a bad moment.
TEST(ConnectClass, RefusesAnUnknownHostOnlyIfItWasNeverReached) {
    const char* unknown =
        "could not translate host name \"db\" to address: Name or service not known";
    EXPECT_EQ(connect_class(unknown, false), ErrorClass::refused);
    EXPECT_EQ(connect_class(unknown, true), ErrorClass::connection);
    EXPECT_EQ(connect_class("could not translate host name \"db\" to address: Temporary failure in "
                            "name resolution",
                            false),
              ErrorClass::connection);
}

}  // namespace
}  // namespace cutover::postgres
