// What a page of ours lets a browser do: its own style and script, and nothing else, from nowhere
// else. A second wall behind the escaping of what other people's rows and names put into it.
#pragma once

#include <string>

namespace cutover::model {

struct PagePolicy {
    std::string nonce;  ///< for `<style nonce=...>` and `<script nonce=...>`
    std::string meta;   ///< the element that says so; first in the head, after the character set
};

/// With a nonce that nobody knew before. Any thread.
PagePolicy make_page_policy();

}  // namespace cutover::model
