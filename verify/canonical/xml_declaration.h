// The first line of an xml value: `<?xml version="1.0" encoding="UTF-8"?>`. PostgreSQL keeps it as
// it was written and shows it only to a cast; what it sends and logs names another encoding or
// nothing. The rule xml_declaration compares what is left of it then. Knows nothing else of XML.
#pragma once

#include <string>
#include <string_view>

namespace cutover::verify {

/// The value without the encoding that its declaration names; without the declaration where that
/// says nothing else than version 1.0, and then without the line's end too. A text that does not
/// begin with a whole declaration stays as it is.
std::string without_declared_encoding(std::string_view xml);

}  // namespace cutover::verify
