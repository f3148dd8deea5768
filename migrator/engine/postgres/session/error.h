// Translates PostgreSQL's errors into ours: SQLSTATE and libpq's state to model::Error.
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

/// What may be done about SQLSTATEs that begin like this. The longest beginning counts. A state
/// without an entry is `operation`: it is tried again for minutes, then given up.
struct StateClass {
    std::string_view state;
    model::ErrorClass error_class;
    std::string_view what;
};
extern const std::vector<StateClass> kStateClasses;

/// The class by kStateClasses; an error without a state belongs to the connection. `message`: the
/// server's, for errors that have no code of their own.
model::ErrorClass classify(std::string_view sqlstate, std::string_view message = {});

/// libpq's message without the guess that it adds when a connection ended silently: that the server
/// has terminated abnormally. Just as often it was a pause of the network, or an operator's
/// command.
std::string without_guess(std::string text);

/// The statement's beginning up to its first literal: enough to recognise it, without values.
std::string statement_head(std::string_view sql);

/// Where in its rows a COPY has failed, as far as the server says.
struct CopyPlace {
    std::optional<std::uint64_t> row;  ///< from 1
    std::string column;
};
CopyPlace copy_place(const pg_result* result);

/// What may help if a value does not fit, by the SQLSTATE of class 22; never empty.
std::string value_hint(std::string_view sqlstate);

/// `'€'`: the character that a message about an untranslatable character shows as bytes; empty if
/// it shows none.
std::string character_in(std::string_view message);

/// From a failed result. The statement's first words are named, its values are not.
model::Error error_from(const pg_result* result, const pg_conn* connection, std::string_view sql);

/// The class of what libpq says of a connection that could not be made. `reached`: this process has
/// been connected to that host before.
model::ErrorClass connect_class(std::string_view message, bool reached);

/// From a connection that could not be made or has broken.
model::Error connection_error(const pg_conn* connection, const std::string& endpoint, bool reached);

/// An error for a value of the source that the destination refuses (SQLSTATE 22): names the table,
/// the column and the character as far as the server does, and `row` if it is known.
model::Error value_refused(const model::Error& error, const std::string& code,
                           const std::string& table, const std::string& row = {});

/// The same error with its subject put in front of the message.
model::Error about(const model::Error& error, const std::string& object);

/// True if `error` came from the server with an SQLSTATE that begins like this.
bool has_state(const model::Error& error, std::string_view prefix);
/// True if the server says that an object of that name already exists.
bool says_exists(const model::Error& error);

}  // namespace cutover::postgres
