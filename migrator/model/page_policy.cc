#include "migrator/model/page_policy.h"

#include <random>

namespace cutover::model {

PagePolicy make_page_policy() {
    constexpr const char* kDigits = "0123456789abcdef";
    std::random_device chance;
    std::string nonce;
    while (nonce.size() < 32) {
        nonce += kDigits[chance() % 16];
    }
    return {nonce,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
            "'nonce-" +
                nonce + "'; script-src 'nonce-" + nonce +
                "'; img-src data:; base-uri 'none'; form-action 'none'\">\n"};
}

}  // namespace cutover::model
