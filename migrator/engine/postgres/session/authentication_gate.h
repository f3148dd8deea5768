// Stands between libpq and a server without TLS while the server says how the account must prove
// itself. libpq answers a request for the password in clear at once and without asking, and before
// version 16 nothing can stop it; so it never sees such a request. Messages pass whole, one by one.
// When the login is accepted, libpq gets its own socket back and the gate is gone.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace cutover::postgres {

/// For one thread and one connection that is being made.
class AuthenticationGate {
public:
    /// Takes the place of `descriptor`, libpq's socket, from which nothing has been read yet.
    /// `required`: the only method of logging in that may be used (in libpq's names); empty: any
    /// but the password in clear. Throws: operation (no descriptors).
    AuthenticationGate(int descriptor, std::string required);
    /// Closes its own side. The descriptor itself stays libpq's.
    ~AuthenticationGate();
    AuthenticationGate(const AuthenticationGate&) = delete;
    AuthenticationGate& operator=(const AuthenticationGate&) = delete;

    /// Passes on what has come from either side, and waits for the server until something can be
    /// handed to libpq, or until `limit` has passed (false).
    /// Throws: refused `postgres.cleartext_password`, `postgres.require_auth`.
    bool pass(std::chrono::milliseconds limit);
    /// The server has accepted the login, and libpq was told.
    bool open() const { return open_; }
    /// Gives libpq its socket back. Requires: open(), and libpq has read what was handed to it.
    void step_aside();

private:
    void to_server();
    bool from_server();
    void check(std::string_view message);
    void hand_over(std::string_view bytes);

    const int descriptor_;  ///< libpq's number, for the time being one end of a pair of ours
    const std::string required_;
    int server_ = -1;  ///< the real socket
    int inner_ = -1;   ///< our end of the pair
    std::string message_;
    bool raw_ = false;  ///< the server has refused: libpq only reads the reason
    bool open_ = false;
    bool proved_ = false;  ///< what `required_` asks for has been done
};

}  // namespace cutover::postgres
