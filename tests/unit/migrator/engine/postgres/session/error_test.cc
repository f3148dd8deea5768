// What may be done about an error: by its SQLSTATE, and about a connection that could not be made
// by what libpq, a server or a pooler says of it.
#include "migrator/engine/postgres/session/error.h"

#include <gtest/gtest.h>

namespace cutover::postgres {
namespace {

using model::ErrorClass;

TEST(Words, LeaveOutWhatIsOnlyGuessed) {
    EXPECT_EQ(without_guess("server closed the connection unexpectedly\n"
                            "\tThis probably means the server terminated abnormally\n"
                            "\tbefore or while processing the request.\n"),
              "server closed the connection unexpectedly\n");
    EXPECT_EQ(without_guess("timeout expired\n"), "timeout expired\n");
}

TEST(Words, ShowTheCharacterThatHasNoPlace) {
    EXPECT_EQ(character_in("character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\" has "
                           "no equivalent in encoding \"LATIN1\""),
              "'\u20ac'");
    EXPECT_EQ(character_in("value too long for type character varying(3)"), "");
}

TEST(Words, SayWhatHelpsByTheKindOfValue) {
    EXPECT_NE(value_hint("22001").find("wide"), std::string::npos);
    for (const char* state : {"22P02", "22P03", "22P05", "22021", "22012"}) {
        EXPECT_EQ(value_hint(state).find("wide"), std::string::npos) << state;
        EXPECT_FALSE(value_hint(state).empty()) << state;
    }
    EXPECT_NE(value_hint("22P05").find("encoding"), std::string::npos);
}

struct Case {
    const char* text;
    ErrorClass expected;
};

/// States as servers send them, each for a reason of its own.
constexpr Case kStates[] = {
    // gone, or not there yet
    {"", ErrorClass::connection},
    {"08006", ErrorClass::connection},
    {"08P01", ErrorClass::operation},
    {"25006", ErrorClass::connection},
    {"25P03", ErrorClass::connection},
    {"53300", ErrorClass::connection},
    {"57P01", ErrorClass::connection},
    {"57P03", ErrorClass::connection},
    // may pass
    {"25P02", ErrorClass::operation},
    {"40001", ErrorClass::operation},
    {"40P01", ErrorClass::operation},
    {"53100", ErrorClass::operation},
    {"53200", ErrorClass::operation},
    {"55006", ErrorClass::operation},
    {"55P03", ErrorClass::operation},
    {"57014", ErrorClass::operation},
    {"58030", ErrorClass::operation},
    {"XX000", ErrorClass::operation},
    // a person has to act
    {"0A000", ErrorClass::refused},
    {"22P05", ErrorClass::refused},
    {"22001", ErrorClass::refused},
    {"28P01", ErrorClass::refused},
    {"2BP01", ErrorClass::refused},
    {"3D000", ErrorClass::refused},
    {"3F000", ErrorClass::refused},
    {"42501", ErrorClass::refused},
    {"42P01", ErrorClass::refused},
    {"44000", ErrorClass::refused},
    {"54000", ErrorClass::refused},
    {"54011", ErrorClass::refused},
    {"55000", ErrorClass::refused},
    {"P0001", ErrorClass::refused},
    // a row is in the way
    {"23505", ErrorClass::conflict},
    {"40002", ErrorClass::conflict},
    // damaged
    {"XX001", ErrorClass::corrupt},
    {"XX002", ErrorClass::corrupt},
};

TEST(Classify, SaysWhatMayBeDoneAboutEachState) {
    for (const Case& one : kStates) {
        EXPECT_EQ(classify(one.text), one.expected) << one.text;
    }
}

/// It would be too large the next time, too.
TEST(Classify, RefusesWhatGoesBeyondALimitOfTheServers) {
    EXPECT_EQ(classify("54000", "string buffer exceeds maximum allowed length"),
              ErrorClass::refused);
    EXPECT_EQ(classify("XX000", "invalid memory alloc request size 1258291234"),
              ErrorClass::refused);
    EXPECT_EQ(classify("XX000", "could not open relation"), ErrorClass::operation);
}

TEST(Classify, LetsTheLongestBeginningCount) {
    for (const StateClass& one : kStateClasses) {
        EXPECT_EQ(classify(one.state), one.error_class) << one.state;
        EXPECT_FALSE(one.what.empty()) << one.state;
    }
}

/// As libpq, PostgreSQL 15 to 18, PgBouncer and Pgpool say it.
constexpr Case kConnections[] = {
    {"FATAL:  password authentication failed for user \"x\"", ErrorClass::refused},
    {"FATAL:  SASL authentication failed", ErrorClass::refused},
    {"FATAL:  database \"x\" does not exist", ErrorClass::refused},
    {"FATAL:  role \"x\" does not exist", ErrorClass::refused},
    {"FATAL:  role \"x\" is not permitted to log in", ErrorClass::refused},
    {"FATAL:  no such user: x", ErrorClass::refused},
    {"FATAL:  no such database: x", ErrorClass::refused},
    {"FATAL:  no pg_hba.conf entry for replication connection from host", ErrorClass::refused},
    {"FATAL:  permission denied to start WAL sender", ErrorClass::refused},
    {"FATAL:  must be superuser or replication role to start walsender", ErrorClass::refused},
    {"FATAL:  unsupported startup parameter: replication", ErrorClass::refused},
    {"FATAL:  unrecognized configuration parameter \"x\"", ErrorClass::refused},
    {"server does not support SSL, but SSL was required", ErrorClass::refused},
    {"SSL error: certificate verify failed", ErrorClass::refused},
    {"root certificate file \"/x/root.crt\" does not exist", ErrorClass::refused},
    {"could not load private key file \"/x\": bad decrypt", ErrorClass::refused},
    {"invalid port number: \"0\"", ErrorClass::refused},
    {"Connection refused", ErrorClass::connection},
    {"timeout expired", ErrorClass::connection},
    {"server is in hot standby mode", ErrorClass::connection},
    {"FATAL:  sorry, too many clients already", ErrorClass::connection},
    {"FATAL:  the database system is starting up", ErrorClass::connection},
    {"FATAL:  database \"x\" is not currently accepting connections", ErrorClass::connection},
    {"server closed the connection unexpectedly", ErrorClass::connection},
};

TEST(ConnectClass, TellsWhatOnlyThePersonCanMendFromWhatPasses) {
    for (const Case& one : kConnections) {
        EXPECT_EQ(connect_class(one.text, true), one.expected) << one.text;
    }
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
