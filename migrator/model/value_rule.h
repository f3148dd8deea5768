// Names of the rules under which unequal values may pass for one. A route declares those that its
// engines force upon it; what each means, the judge says (verify/canonical/rule.h), who knows no
// route.
#pragma once

#include <string_view>

namespace cutover::model {

inline constexpr std::string_view kXmlDeclaration = "xml_declaration";

}  // namespace cutover::model
