// PostgreSQL's words for trouble in ours: SQLSTATE and libpq's state to model::Error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/error.h"

struct pg_conn;
struct pg_result;

namespace cutover::postgres {

/// What may be done about the SQLSTATEs that begin so. The longest beginning counts; what has none
/// here is `operation`: it is tried again for minutes, then given up.
struct StateClass {
    std::string_view state;
    model::ErrorClass error_class;
    std::string_view what;
};
extern const std::vector<StateClass> kStateClasses;

/// By kStateClasses; an error without a state is one of the connection. `message`: the server's,
/// for what has no code of its own.
model::ErrorClass classify(std::string_view sqlstate, std::string_view message = {});

/// libpq's words without what it adds when a connection has gone without a word: that the server
/// has terminated abnormally. As often it was a pause of the network, or an order of the
/// operator's.
std::string without_guess(std::string text);

/// The statement's beginning up to its first literal: enough to know it, no values.
std::string statement_head(std::string_view sql);

/// Where in its rows a COPY has failed, as far as the server says.
struct CopyPlace {
    std::optional<std::uint64_t> row;  ///< from 1
    std::string column;
};
CopyPlace copy_place(const pg_result* result);

/// What may help where a value does not fit, by the SQLSTATE of class 22; never empty.
std::string value_hint(std::string_view sqlstate);

/// `'€'`: the character that a message of an untranslatable one shows as bytes; empty if it
/// shows none.
std::string character_in(std::string_view message);

/// From a failed result. The statement's first words are named, its values are not.
model::Error error_from(const pg_result* result, const pg_conn* connection, std::string_view sql);

/// The class of what libpq says of a connection that could not be made. `reached`: this process
/// has been connected to that host before.
model::ErrorClass connect_class(std::string_view message, bool reached);

/// From a connection that could not be made or has broken.
model::Error connection_error(const pg_conn* connection, const std::string& endpoint, bool reached);

/// A value of the source that the destination does not take (SQLSTATE 22): names the table, the
/// column and the character as far as the server does, and `row` if it is known.
model::Error value_refused(const model::Error& error, const std::string& code,
                           const std::string& table, const std::string& row = {});

/// The same error with what it was about in front of the message.
model::Error about(const model::Error& error, const std::string& object);

/// True if `error` came from the server with an SQLSTATE that begins so.
bool has_state(const model::Error& error, std::string_view prefix);
/// True if the server says that an object of that name is there already.
bool says_exists(const model::Error& error);

}  // namespace cutover::postgres
