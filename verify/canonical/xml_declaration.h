// The first line of an xml value: `<?xml version="1.0" encoding="UTF-8"?>`. PostgreSQL keeps it as
// it was written and shows it only to a cast; what it sends and logs names another encoding or
// none. The rule xml_declaration compares what is left without the encoding. This file knows
// nothing else of XML.
#pragma once

#include <string>
#include <string_view>

namespace cutover::verify {

/// The value without the encoding that its declaration names. If the declaration then says nothing
/// but version 1.0, it is dropped too, with the end of its line. A text that does not begin with a
/// whole declaration stays as it is.
std::string without_declared_encoding(std::string_view xml);

}  // namespace cutover::verify
