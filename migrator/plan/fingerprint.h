// What differs between two fingerprints of plans, in words. How a plan's fingerprint is made is its
// route's affair; that it is a list of texts between semicolons is agreed on here.
#pragma once

#include <string>
#include <string_view>

namespace cutover::plan {

/// The first part of `of` that `other` lacks, quoted and shortened; "nothing else" if there is
/// none.
std::string first_difference(std::string_view of, std::string_view other);

}  // namespace cutover::plan
